"""One URL of the interface: the checks in their order, then the method's handler."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from application.access import Account
from application.errors import InvalidError
from web.answers import json_answer, refusal
from web.api.authentication import address, authenticate
from web.api.described import description_of
from web.api.negotiation import PARSED, RENDERED, negotiate
from web.state import state
from web.throttling import Throttle

Handler = Callable[..., Response]

# What OPTIONS says of the fields of each method; it may depend on what there is.
Actions = Callable[[], dict[str, Any]]

AS_OF = "as_of"
NO_PAST = "Only the present is told, or changed, here: ask without it."
NO_PERMISSION = "You do not have permission to perform this action."
_VERBS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class Resource:
    """What a URL answers to each method.

    `model` is what the permissions are about: who posts a `build` needs `add_build`.
    `needs` names other permissions for some methods, each of them needed. Whether a
    method is known is said only to those who may ask at all, and only as often as
    they may ask.
    """

    def __init__(
        self,
        name: str,
        *,
        model: str = "",
        needs: Mapping[str, Sequence[str]] | None = None,
        actions: Actions | None = None,
        **handlers: Handler,
    ) -> None:
        self.name = name
        self.model = model
        self._needs = needs or {}
        self._actions = actions
        self._handlers = {method.upper(): each for method, each in handlers.items()}

    def add_to(
        self, blueprint: Blueprint, rule: str, *, needs_slash: bool = True
    ) -> None:
        """Answer at a rule; without `needs_slash` also where its last slash lacks."""
        blueprint.add_url_rule(
            rule,
            endpoint=self.name,
            view_func=self.answer,
            methods=_METHODS,
            provide_automatic_options=False,
            strict_slashes=needs_slash,
        )

    def answer(self, **ids: UUID) -> Response:
        self.negotiate()
        self.admit()
        method = "GET" if request.method == "HEAD" else request.method
        handler = self._handlers.get(method)
        if handler is not None:
            _require_now(handler)
            return handler(**ids)
        if method == "OPTIONS":
            return self._describe()
        raise refusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f'Method "{request.method}" not allowed.',
            {"Allow": self._allowed()},
        )

    def negotiate(self) -> None:
        """Refuse who takes no form of answer that this URL gives."""
        negotiate()

    def admit(self) -> None:
        """Let in who may ask, and as often as they may."""
        account = authenticate()
        self.require_manager(account)
        self.require_permission(account)
        throttle(state().request_throttle, str(account.user_id))

    def require_manager(self, account: Account) -> None:
        """Refuse who manages no organization."""
        if not account.is_manager():
            raise refusal(
                HTTPStatus.FORBIDDEN,
                "User is not a manager of the organization to which the "
                "requested resource belongs.",
            )

    def require_permission(self, account: Account) -> None:
        """Refuse who lacks what the method needs."""
        for alternatives in self.needed(request.method):
            if not account.may(*alternatives):
                raise refusal(HTTPStatus.FORBIDDEN, NO_PERMISSION)

    def needed(self, method: str) -> list[tuple[str, ...]]:
        """Return the permissions that a method needs: one of each group."""
        if method in self._needs:
            return [(permission,) for permission in self._needs[method]]
        if method in {"GET", "OPTIONS"}:
            return [(f"view_{self.model}", f"change_{self.model}")]
        return [(f"{_VERBS.get(method, 'view')}_{self.model}",)]

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return self._handlers

    @property
    def takes_files(self) -> bool:
        """Whether some method takes a file, whose size it judges itself."""
        return any(description_of(each).is_upload for each in self._handlers.values())

    def _allowed(self) -> str:
        heads = ["HEAD"] if "GET" in self._handlers else []
        return ", ".join([*self._handlers, *heads, "OPTIONS"])

    def _describe(self) -> Response:
        description: dict[str, Any] = {
            "name": self.name,
            "description": "",
            "renders": RENDERED,
            "parses": PARSED,
        }
        if self._actions is not None:
            description["actions"] = self._actions()
        return json_answer(description, headers={"Allow": self._allowed()})


class OpenResource(Resource):
    """A URL for those who have no token yet; limited by their address."""

    def admit(self) -> None:
        throttle(state().token_throttle, address())


class PublicResource(OpenResource):
    """A URL that everybody may read."""

    def admit(self) -> None:
        throttle(state().request_throttle, address())


def throttle(by: Throttle, who: str) -> None:
    seconds = by.seconds_to_wait(who)
    if seconds:
        raise refusal(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Request was throttled. Expected available in {seconds} seconds.",
            {"Retry-After": str(seconds)},
        )


def _require_now(handler: Handler) -> None:
    """Refuse a question about the past that would be answered, or done, as of now."""
    takes = {each.name for each in description_of(handler).query}
    if request.args.get(AS_OF) and AS_OF not in takes:
        raise InvalidError.of(AS_OF, NO_PAST)
