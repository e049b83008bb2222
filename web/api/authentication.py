"""Who asks: a bearer token, or nobody."""

from http import HTTPStatus

from flask import g, request

from application.queries.users import Account, account_of_token
from web.answers import AnswerError, refusal
from web.state import flashlog


def authenticate() -> Account:
    """Return the account of the token shown. Raises AnswerError (401)."""
    account = account_of(bearer_token(request.headers.get("Authorization", "")))
    if account is None:
        raise unauthorized("Invalid token.")
    if not account.is_active:
        raise unauthorized("User inactive or deleted.")
    g.user_id = account.user_id
    return account


def account_of(token: str) -> Account | None:
    return account_of_token(flashlog().views, token)


def bearer_token(header: str) -> str:
    """Return the token of an Authorization header. Raises AnswerError (401)."""
    keyword, *rest = header.split() or [""]
    if keyword.lower() != "bearer":
        raise unauthorized("Authentication credentials were not provided.")
    if not rest:
        raise unauthorized("Invalid token header. No credentials provided.")
    if len(rest) > 1:
        raise unauthorized("Invalid token header. Token must not contain spaces.")
    if not rest[0].isascii():
        raise unauthorized("Invalid token header. Token must be plain text.")
    return rest[0]


def address() -> str:
    """Return where the request comes from, for those who have not said who they are."""
    return f"address {request.remote_addr}"


def unauthorized(detail: str) -> AnswerError:
    return refusal(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": "Bearer"})
