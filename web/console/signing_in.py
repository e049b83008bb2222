"""The page on which people log in with a browser."""

from contextlib import suppress
from typing import TypeVar

from flask import Blueprint, Response, current_app, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.users import WrongCredentialsError, log_in, note_log_in
from application.errors import StorageError
from web import sessions
from web.api.authentication import address
from web.api.resource import throttle
from web.api.users.token import CHECKED_AT_ONCE
from web.console import refusals
from web.console.rendering import show as show_page
from web.console.texts import gettext as _
from web.state import flashlog, state

A = TypeVar("A", bound=AnyResponse)

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
refusals.answer_for(blueprint)


@blueprint.get("/login/")
def show() -> Response:
    """Show the form."""
    return _page("")


@blueprint.post("/login/")
def submit() -> AnyResponse:
    """Begin a session, then go where the person wanted to go."""
    # First this, or any page could use up the log-ins of whoever looks at it.
    sessions.require_csrf()
    throttle(state().token_throttle, address())
    username, password = (
        request.form.get(name, "") for name in ("username", "password")
    )
    try:
        with CHECKED_AT_ONCE:
            user_id = log_in(flashlog(), username=username.strip(), password=password)
    except WrongCredentialsError:
        return _page(_("User name and password do not belong together."))
    with suppress(StorageError):
        # Who may log in is let in, also where no room is left to note it.
        note_log_in(flashlog(), user_id)
    sessions.begin(user_id)
    return _with_csrf(redirect(_next() or url_for("overview.index")))


@blueprint.post("/logout/")
def leave() -> AnyResponse:
    """End the session."""
    sessions.require_csrf()
    try:
        sessions.end()
    except StorageError:
        flash(
            _(
                "You are signed out in this browser. It could not be noted: whoever has"
                " a copy of its cookie is let in until that ends by itself."
            ),
            "warning",
        )
    return redirect(url_for("admin.show"))


def _page(problem: str) -> Response:
    page = show_page(
        "sign_in.html",
        problem=problem,
        csrf_name=sessions.CSRF_FIELD,
        csrf_token=sessions.csrf_token(),
        next=_next(),
    )
    return _with_csrf(page)


def _with_csrf(answer: A) -> A:
    """Let scripts of our own pages read the token that they have to show."""
    answer.set_cookie(
        sessions.CSRF_COOKIE,
        sessions.csrf_token(),
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return answer


def _next() -> str:
    """Return a path of this site to go to; anything else is ignored."""
    path = request.values.get("next", "")
    is_local = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_local and path.isprintable() else ""
