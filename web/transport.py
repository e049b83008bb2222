"""What holds for every request: host, slash, request id, headers, a line in the log."""

import logging
import re
from http import HTTPStatus
from time import perf_counter
from urllib.parse import quote
from uuid import uuid4

from flask import Flask, Response, g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from web.answers import refusal
from web.hosts import host_of
from web.state import state

_LOG = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept, Authorization",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_PROBES = "/health/"
_ONE_YEAR = "max-age=31536000"


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.before_request(_check_host)
    app.before_request(_add_slash)
    app.after_request(_finish)


def _begin() -> None:
    g.begun = perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def _check_host() -> None:
    """Serve the allowed hosts alone; a probe of our health may use any address."""
    if request.path.startswith(_PROBES):
        return
    if not state().hosts.allow(host_of(request.host)):
        raise refusal(
            HTTPStatus.BAD_REQUEST,
            "This host name is not served: add it to FLASHLOG_ALLOWED_HOSTS.",
        )


def _add_slash() -> AnyResponse | None:
    """Redirect with 301 whatever the method, as clients of the interface know it."""
    missing = request.routing_exception
    if not isinstance(missing, RequestRedirect):
        return None
    if request.path.startswith("/ws/"):
        raise NotFound
    return redirect(missing.new_url, HTTPStatus.MOVED_PERMANENTLY)


def _finish(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _ONE_YEAR)
    response.headers["X-Request-ID"] = g.request_id
    level = logging.DEBUG if request.path.startswith(_PROBES) else logging.INFO
    _LOG.log(
        level,
        "action=request request_id=%s method=%s path=%s status=%d ms=%.1f user=%s",
        g.request_id,
        request.method,
        quote(request.path),
        response.status_code,
        (perf_counter() - g.begun) * 1000,
        getattr(g, "user_id", "-"),
    )
    return response
