"""A part of the console: its pages, who is let in, and how it refuses."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.access import Account
from web import sessions
from web.answers import AnswerError, refusal
from web.api.resource import throttle
from web.console import refusals, resending
from web.console.texts import gettext as _
from web.state import flashlog, state
from web.uploads import allow_file

V = TypeVar("V", bound=Callable[..., AnyResponse])


class Section(Blueprint):
    """The pages of one subject, for people with a session who manage something."""

    def __init__(self, name: str, *, words: str = "") -> None:
        """Make a section; with `words` (marked for translation) it is in the menu."""
        super().__init__(name, f"web.console.{name}")
        self.words = words
        self._needs_of_index: tuple[str, ...] = ()
        self._with_images: set[str] = set()
        self.before_request(self._allow_images)
        self.before_request(_enter)
        refusals.answer_for(self)

    def page(
        self,
        rule: str,
        *needs: str,
        methods: tuple[str, ...] = ("GET",),
        takes_images: bool = False,
    ) -> Callable[[V], V]:
        """Show this at a path to whoever has one of the permissions."""

        def added(view: V) -> V:
            if view.__name__ == "index":
                self._needs_of_index = needs
            if takes_images:
                self._with_images.add(f"{self.name}.{view.__name__}")

            def shown(**ids: object) -> AnyResponse:
                require(*needs)
                return view(**ids)

            shown.takes_files = takes_images  # type: ignore[attr-defined]
            self.add_url_rule(rule, view.__name__, shown, methods=methods)
            return view

        return added

    def is_open_to(self, account: Account) -> bool:
        """Whether the section's first page is shown to this account."""
        return not self._needs_of_index or account.may(*self._needs_of_index)

    def _allow_images(self) -> None:
        """Let forms with images be as big as those, before anything of them is read."""
        if request.endpoint in self._with_images:
            size_bytes_max = flashlog().settings.image_size_max_bytes
            allow_file(request, size_bytes_max=size_bytes_max)


def require(*permissions: str) -> None:
    """Refuse who has none of these permissions. Raises AnswerError (403)."""
    if permissions and not g.account.may(*permissions):
        raise refusal(
            HTTPStatus.FORBIDDEN,
            _("You may not do this: ask an administrator for the permission."),
        )


def _enter() -> AnyResponse | None:
    """Let in who has a session and manages something; others log in, or are told."""
    account = sessions.account_of_session()
    if account is None and resending.is_ours():
        return resending.signed_out()
    if account is None:
        asked = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("admin.show", next=asked))
    g.account = account
    g.user_id = account.user_id
    # Before anything is looked up: what happens meanwhile is told by the feed.
    g.position = flashlog().views.position()
    try:
        sessions.require_csrf()
    except AnswerError:
        if not resending.is_ours():
            raise
        return resending.once_more()
    throttle(state().request_throttle, str(account.user_id))
    if not account.is_manager():
        raise refusal(
            HTTPStatus.FORBIDDEN,
            _("You manage no organization yet: ask an administrator to add you."),
        )
    return None
