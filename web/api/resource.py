"""One URL of the interface: the checks in their order, then the method's handler."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from web.answers import json_answer, refusal
from web.api.authentication import address, authenticate
from web.api.negotiation import PARSED, RENDERED, negotiate
from web.state import state
from web.throttling import Throttle

Handler = Callable[..., Response]

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class Resource:
    """What a URL answers to each method.

    Whether a method is known is said only to those who may ask at all, and only as
    often as they may ask.
    """

    def __init__(
        self,
        name: str,
        *,
        actions: dict[str, Any] | None = None,
        **handlers: Handler,
    ) -> None:
        self.name = name
        self._actions = actions
        self._handlers = {method.upper(): each for method, each in handlers.items()}

    def add_to(self, blueprint: Blueprint, rule: str) -> None:
        blueprint.add_url_rule(
            rule,
            endpoint=self.name,
            view_func=self.answer,
            methods=_METHODS,
            provide_automatic_options=False,
        )

    def answer(self, **ids: UUID) -> Response:
        negotiate()
        self.admit()
        method = "GET" if request.method == "HEAD" else request.method
        handler = self._handlers.get(method)
        if handler is not None:
            return handler(**ids)
        if method == "OPTIONS":
            return self._describe()
        raise refusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f'Method "{request.method}" not allowed.',
            {"Allow": self._allowed()},
        )

    def admit(self) -> None:
        """Let in who may ask, and as often as they may."""
        account = authenticate()
        if not account.is_superuser:
            raise refusal(
                HTTPStatus.FORBIDDEN,
                "You do not have permission to perform this action.",
            )
        throttle(state().request_throttle, str(account.user_id))

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
            description["actions"] = self._actions
        return json_answer(description, headers={"Allow": self._allowed()})


class OpenResource(Resource):
    """A URL for those who have no token yet; limited by their address."""

    def admit(self) -> None:
        throttle(state().token_throttle, address())


def throttle(by: Throttle, who: str) -> None:
    seconds = by.seconds_to_wait(who)
    if seconds:
        raise refusal(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"Request was throttled. Expected available in {seconds} seconds.",
            {"Retry-After": str(seconds)},
        )
