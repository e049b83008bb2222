"""A form that comes when its session has ended: nothing that was typed is lost.

Nothing is done then. The page that answers keeps what was filled in, to be sent again
by whoever has signed in. Only what a page of ours has sent is kept: otherwise others
could let somebody send what they have made up.
"""

from http import HTTPStatus

from flask import Response, request

from web import sessions
from web.console.rendering import show
from web.console.texts import gettext as _

# What is typed once more rather than written into a page.
_SECRET = frozenset({"password", "private_key", "passphrase"})
_FIELDS_MAX = 2000


def is_ours() -> bool:
    """Whether this is a form that a page of this site has sent, as browsers tell."""
    # The scheme, too: what comes over plain HTTP anybody on the way has written.
    ours = f"{request.scheme}://{request.host}"
    if request.method != "POST" or request.headers.get("Origin") != ours:
        return False
    # None of our pages sends so many, of which a stranger may send 500,000.
    return sum(1 for _ in request.form.items(multi=True)) <= _FIELDS_MAX


def signed_out() -> Response:
    """Keep a form whose session has ended."""
    return _page(_("You are signed out"), must_sign_in=True)


def once_more() -> Response:
    """Keep a form that is from an earlier session than this one."""
    return _page(_("Send it again?"), must_sign_in=False)


def _page(heading: str, *, must_sign_in: bool) -> Response:
    left_out = {sessions.CSRF_FIELD, *_SECRET}
    return show(
        "resending.html",
        HTTPStatus.FORBIDDEN,
        heading=heading,
        must_sign_in=must_sign_in,
        path=request.full_path.rstrip("?"),
        fields=[
            (name, value)
            for name, value in request.form.items(multi=True)
            if name not in left_out
        ],
        lacks=bool(request.files) or not _SECRET.isdisjoint(request.form),
        csrf_name=sessions.CSRF_FIELD,
        csrf_token=sessions.csrf_token(),
    )
