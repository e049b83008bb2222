"""Who asks: the bearer of a token, a browser with a session, or nobody."""

from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network
from typing import cast
from uuid import UUID

from flask import g, request

from application.access import Account
from application.queries.users import account_of_token
from web import sessions
from web.answers import AnswerError, refusal
from web.state import flashlog


def authenticate() -> Account:
    """Return who asks. Raises AnswerError (401, or 403 for a forged request)."""
    account = account_of_request()
    if not _is_bearer():
        sessions.require_csrf()
    g.user_id = account.user_id
    g.account = account
    return account


def asking() -> Account:
    """Return who asks, as it was found at the door."""
    return cast("Account", g.account)


def account_of_request() -> Account:
    """Return whom token or session belong to.

    Raises AnswerError (401), and LogBusyError while nobody can be known.
    """
    if not _is_bearer():
        account = sessions.account_of_session()
        if account is None:
            raise _unauthorized("Authentication credentials were not provided.")
        return account
    token = _token()
    account = sessions.known(lambda: account_of_token(flashlog().views, token))
    if account is None:
        raise _unauthorized("Invalid token.")
    if not account.is_active:
        raise _unauthorized("User inactive or deleted.")
    return account


def session_of_request() -> UUID | None:
    """Return the session that whoever asks shows; None for the bearer of a token."""
    return None if _is_bearer() else sessions.session_of_request()


def address() -> str:
    """Return where the request comes from, for those who have not said who they are.

    Of IPv6 the network counts: whoever has one address has all of its /64.
    """
    remote = request.remote_addr or ""
    try:
        told = ip_address(remote)
    except ValueError:
        return f"address {remote}"
    if isinstance(told, IPv6Address):
        mapped = told.ipv4_mapped
        return f"address {mapped or ip_network((int(told), 64), strict=False)}"
    return f"address {told}"


def _is_bearer() -> bool:
    keyword = request.headers.get("Authorization", "").split(maxsplit=1)[:1]
    return [each.lower() for each in keyword] == ["bearer"]


def _token() -> str:
    _, *rest = request.headers["Authorization"].split()
    if not rest:
        raise _unauthorized("Invalid token header. No credentials provided.")
    if len(rest) > 1:
        raise _unauthorized("Invalid token header. Token must not contain spaces.")
    if not rest[0].isascii():
        raise _unauthorized("Invalid token header. Token must be plain text.")
    return rest[0]


def _unauthorized(detail: str) -> AnswerError:
    return refusal(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": "Bearer"})
