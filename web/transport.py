"""What holds for every request: host, slash, request id, headers, a line in the log."""

import logging
import re
from contextlib import ExitStack
from http import HTTPStatus
from time import perf_counter
from urllib.parse import quote
from uuid import UUID, uuid4

from flask import Flask, Response, current_app, g, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from application.observing.marks import mark
from application.observing.tracing import span
from web import metering
from web.answers import refusal
from web.hosts import host_of
from web.state import state
from web.uploads import bound_body, takes_files

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
_SOCKETS = "/ws/"
_ONE_YEAR = "max-age=31536000"


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.before_request(_check_host)
    app.before_request(_add_slash)
    app.before_request(_check_size)
    app.after_request(_finish)
    app.teardown_request(_forget)


def _begin() -> None:
    g.begun = perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
    ids = {name.removesuffix("_id"): str(each) for name, each in _ids().items()}
    mark(request_id=g.request_id, **ids)
    g.tracing = ExitStack()
    if not request.path.startswith(_SOCKETS):
        told = span(f"request {route()}", method=request.method, **ids)
        g.span = g.tracing.enter_context(told)


def route() -> str:
    """Return the rule that the request's path follows, the same for every id."""
    return request.url_rule.rule if request.url_rule is not None else "none"


def _ids() -> dict[str, UUID]:
    """Return the ids in the path: of operations, devices, and what else there is."""
    given = (request.view_args or {}).items()
    return {name: each for name, each in given if isinstance(each, UUID)}


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
    if request.path.startswith(_SOCKETS):
        raise NotFound
    return redirect(missing.new_url, HTTPStatus.MOVED_PERMANENTLY)


def _check_size() -> None:
    """Refuse a body that is too big, whoever sends it, before any of it is read.

    Where files are taken they are judged by their own limit, by who takes them.
    """
    if takes_files(current_app.view_functions.get(request.endpoint or "")):
        return
    size_bytes_max = state().flashlog.settings.body_size_max_bytes
    if (request.content_length or 0) > size_bytes_max:
        raise refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The body is bigger than the {size_bytes_max} bytes allowed.",
        )
    if request.content_length is None and "Transfer-Encoding" in request.headers:
        bound_body(request, size_bytes_max=size_bytes_max)


def _finish(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _ONE_YEAR)
    response.headers["X-Request-ID"] = g.request_id
    seconds = perf_counter() - g.begun
    if not request.path.startswith(_SOCKETS):
        metering.note_answer(route(), request.method, response.status_code, seconds)
    if g.get("span") is not None:
        g.span.set_attribute("http.response.status_code", response.status_code)
    said = {
        "method": request.method,
        "path": quote(request.path),
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
        "user": str(g.get("user_id", "-")),
    }
    level = logging.DEBUG if request.path.startswith(_PROBES) else logging.INFO
    words = " ".join(f"{name}={value}" for name, value in said.items())
    _LOG.log(level, "action=request %s", words, extra={"said": said})
    return response


def _forget(_: BaseException | None) -> None:
    tracing: ExitStack | None = g.pop("tracing", None)
    if tracing is not None:
        tracing.close()
    mark()
