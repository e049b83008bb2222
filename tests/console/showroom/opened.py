"""The showroom behind a web server in this process, and who walks through it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID
from wsgiref.types import WSGIEnvironment

import msgspec
from flask import Flask, Response
from playwright.sync_api import Browser as Chromium
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wsgi import LimitedStream

from application.commands.users import add_user
from application.flashlog import Flashlog
from application.read_only_visits import ReadOnlyVisits
from tests.console.pages import Browser
from tests.console.showroom.house import House
from tests.console.showroom.town import Town
from tests.console.showroom.visits import looking
from tests.console.visitor import Visitor
from web import visits as read_only_visits
from web.answers import refusal
from web.app import create_app
from web.console.section import Section

REFUSED = "/refused/{}/"
_SENTENCES = {
    HTTPStatus.CONFLICT: "it is too late to cancel: firmware reflashing has already"
    " started",
    HTTPStatus.SERVICE_UNAVAILABLE: "The log is busy: try again in a moment.",
}


class Opened(msgspec.Struct, kw_only=True):
    """`url` is where the town is, `empty_url` an installation just made.

    `rounds` are visits by the names of their scenes.
    """

    town: Town
    app: Flask
    url: str
    empty_url: str
    rounds: Mapping[str, UUID]
    cookies: Mapping[str, str]

    @contextmanager
    def visitor(
        self, chromium: Chromium, who: str = "maria", **window: Any
    ) -> Iterator[Visitor]:
        """Let in maria, who may do everything, nobody, or the first one of all."""
        url = self.empty_url if who == "first" else self.url
        with Visitor.of(chromium, url, **window) as visitor:
            if who in self.cookies:
                session = {"name": "sessionid", "value": self.cookies[who], "url": url}
                visitor.page.context.add_cookies([session])  # type: ignore[list-item]
            yield visitor


@contextmanager
def opened(directory: Path) -> Iterator[Opened]:
    town, empty = Town(directory / "town"), House(directory / "empty")
    first = add_user(
        empty.flashlog, username="maria", password="tester", is_superuser=True
    )
    app, empty_app = create_app(town.house.flashlog), create_app(empty.flashlog)
    _refuse(app)
    never = Event()
    with ExitStack() as stack:
        stack.callback(town.house.flashlog.close)
        stack.callback(empty.flashlog.close)
        stack.callback(never.set)
        yield Opened(
            town=town,
            app=app,
            url=stack.enter_context(_served(app)),
            empty_url=stack.enter_context(_served(empty_app)),
            rounds=_rounds(town, app, never),
            cookies={
                "maria": _cookie(town.house.flashlog, town.maria, app),
                "nobody": _cookie(town.house.flashlog, town.nobody, app),
                "first": _cookie(empty.flashlog, first, empty_app),
            },
        )


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def make_environ(self) -> WSGIEnvironment:
        """End what is sent where it ends, as gunicorn does."""
        environ = super().make_environ()
        size = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = LimitedStream(environ["wsgi.input"], size)
        return environ

    def log(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.block_on_close = False  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _cookie(flashlog: Flashlog, user_id: UUID, app: Flask) -> str:
    cookie = Browser(flashlog, user_id, app).client.get_cookie("sessionid")
    assert cookie is not None
    return cookie.value


def _refuse(app: Flask) -> None:
    """Have a page for every refusal, whatever leads to it."""
    section = Section("refused")

    def show(code: int) -> Response:
        if code == HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ZeroDivisionError
        status = HTTPStatus(code)
        raise refusal(status, _SENTENCES.get(status, status.description))

    section.add_url_rule("/refused/<int:code>/", "index", show)
    app.register_blueprint(section)


def _rounds(town: Town, app: Flask, never: Event) -> dict[str, UUID]:
    visits = ReadOnlyVisits(looking(town, never), at_once_max=4, waiting_max=100)
    app.extensions[read_only_visits._NAME] = visits
    asked = {
        "well": ["device success"],
        "trouble": ["device lost"],
        "waiting": ["device queued"],
        "several": ["device success", "device lost", "device failed", "device queued"],
    }
    begun = {
        name: visits.begin(_ids(town, names), by=town.maria, at=town.house.clock.now())
        for name, names in asked.items()
    }
    for name in ("well", "trouble"):
        assert visits.wait(begun[name], limit_seconds=10)
    return {name: each.round_id for name, each in begun.items()}


def _ids(town: Town, names: Sequence[str]) -> list[UUID]:
    return [town.things[name] for name in names]
