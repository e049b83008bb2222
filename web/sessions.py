"""Sessions of people who logged in with a browser, and what guards their requests.

The session is a signed cookie. It ends with logging out, with the account, with another
password, and after a while; a token of its own guards every request that changes
something.
"""

import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID, uuid4

from flask import Flask, request, session

from application.access import Account
from application.commands.standing import up_to_now
from application.commands.users import log_out
from application.queries.users import account_of_log_in, mark_of_log_in
from web.answers import refusal
from web.state import WebState, flashlog

CSRF_COOKIE = "csrftoken"
CSRF_FIELD = "csrfmiddlewaretoken"
_CSRF_HEADER = "X-CSRFToken"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
_LIFETIME = timedelta(hours=12)


def init_app(app: Flask, state: WebState) -> None:
    settings = state.flashlog.settings
    app.secret_key = state.flashlog.storage.session_key()
    app.config.update(
        SESSION_COOKIE_NAME="sessionid",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # Behind a proxy browsers speak TLS; without one they are on this machine.
        SESSION_COOKIE_SECURE=settings.behind_proxy,
        PERMANENT_SESSION_LIFETIME=_LIFETIME,
        SESSION_REFRESH_EACH_REQUEST=False,
    )


def begin(user_id: UUID) -> None:
    """Let the browser be this user; nothing of an earlier session is kept."""
    session.clear()
    session.permanent = True
    session["user"] = str(user_id)
    session["mark"] = mark_of_log_in(flashlog(), user_id)
    session["id"] = str(uuid4())


def end() -> None:
    """Let nobody in with this session any more, also not with a copy of its cookie.

    Raises StorageError where that could not be noted: then this browser alone has
    forgotten it.
    """
    account, session_id = account_of_session(), session_of_request()
    session.clear()
    if account is not None and session_id is not None:
        until = flashlog().clock.now() + _LIFETIME
        log_out(flashlog(), account.user_id, session_id, until=until)


def session_of_request() -> UUID | None:
    """Return which session the request belongs to, whether it still counts or not."""
    return UUID(session["id"]) if "id" in session else None


def account_of_session() -> Account | None:
    """Return whose session the request belongs to.

    Raises LogBusyError while nobody can be known.
    """
    session_id = session_of_request()
    if session_id is None:
        return None
    user_id, mark = UUID(session["user"]), session["mark"]
    return known(
        lambda: account_of_log_in(flashlog(), user_id, mark=mark, session_id=session_id)
    )


def known(find: Callable[[], Account | None]) -> Account | None:
    """Find somebody; where that fails, again when the read models show everything.

    While they are made anew they know nobody, and nobody must be sent away for that.
    """
    account = find()
    if account is not None:
        return account
    up_to_now(flashlog(), ())
    return find()


def csrf_token() -> str:
    """Return the token that requests of this session must show; made when missing."""
    return str(session.setdefault("csrf", secrets.token_hex(16)))


def require_csrf() -> None:
    """Refuse a change that another site may have made the browser ask for."""
    if request.method in _SAFE_METHODS:
        return
    shown = request.headers.get(_CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
    expected = session.get("csrf", "")
    if not expected or not hmac.compare_digest(shown.encode(), expected.encode()):
        raise refusal(
            HTTPStatus.FORBIDDEN,
            "CSRF Failed: CSRF token missing or incorrect.",
        )
