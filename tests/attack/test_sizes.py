"""Nothing that a stranger sends is taken in without a limit."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from marshmallow import fields
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder, run_wsgi_app

from application.flashlog import Flashlog
from application.settings import Settings
from web.api.fields import Body
from web.app import create_app
from web.uploads import takes_files

ID = "00000000-0000-4000-8000-000000000000"
_CLAIMED = 10_000_000_000
_THERE = 3_000_000
_AT_ONCE_MAX = 128 * 1024


class Endless:
    """A body that says it is huge; it notes how much is asked of it at once."""

    def __init__(self) -> None:
        self.left = _THERE
        self.asked_at_most = 0

    def read(self, size: int = -1) -> bytes:
        self.asked_at_most = max(self.asked_at_most, size if size >= 0 else _CLAIMED)
        given = min(self.left, size if size >= 0 else self.left)
        self.left -= given
        return b"x" * given

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)

    def readinto(self, buffer: bytearray) -> int:
        given = self.read(len(buffer))
        buffer[: len(given)] = given
        return len(given)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    flashlog = Flashlog(Settings(data_dir=tmp_path, token_rate_limit="off"))
    flashlog.projector.catch_up()
    yield create_app(flashlog)
    flashlog.close()


def _path(rule: Rule) -> str:
    made: dict[str, object] = {}
    for name in rule.arguments:
        kind = type(rule._converters[name]).__name__
        made[name] = 1 if "Integer" in kind else ID
    return str(rule.build(made)[1])  # type: ignore[index]


def _ways(app: Flask) -> Iterator[tuple[str, str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("sockets"):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS", "TRACE"}):
            with app.test_request_context():
                yield method, _path(rule), rule.endpoint


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"]
)
def test_a_body_over_the_limit_is_refused_by_every_path_and_not_kept_in_memory(
    app: Flask, kind: str
) -> None:
    client, seen = app.test_client(), 0
    for method, path, endpoint in _ways(app):
        body = Endless()
        answer = client.open(
            path,
            method=method,
            content_type=kind,
            environ_overrides={"CONTENT_LENGTH": str(_CLAIMED), "wsgi.input": body},
        )
        if takes_files(app.view_functions[endpoint]):
            assert answer.status_code in {302, 400, 401, 403, 404, 413}, path
        else:
            assert answer.status_code == 413, (method, path, answer.data[:200])
        answer.close()
        assert body.asked_at_most <= _AT_ONCE_MAX, (method, path)
        seen += 1
    assert seen > 150


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded"]
)
def test_a_body_of_unknown_length_is_refused_beyond_the_limit_and_not_cut_off(
    app: Flask, kind: str
) -> None:
    body = Endless()
    environ = EnvironBuilder(
        method="POST",
        path="/api/v1/users/token/",
        content_type=kind,
        headers=[("Transfer-Encoding", "chunked")],
    ).get_environ()
    environ.pop("CONTENT_LENGTH", None)
    answer = run_wsgi_app(
        app, environ | {"wsgi.input": body, "wsgi.input_terminated": True}
    )
    assert answer[1].startswith("413")
    assert body.asked_at_most <= _AT_ONCE_MAX


def _bodies(kind: type[Body] = Body) -> Iterator[type[Body]]:
    for each in kind.__subclasses__():
        yield each
        yield from _bodies(each)


def test_every_text_that_is_sent_has_an_end() -> None:
    import web.app  # noqa: F401 - all of them are known then

    seen = set()
    for kind in _bodies():
        if not kind.__module__.startswith("web."):
            continue
        for name, field in kind._declared_fields.items():
            if isinstance(field, fields.String) and not field.dump_only:
                wrong = kind(partial=True).validate({name: "x" * 70_000})
                assert name in wrong, (kind, name)
                seen.add((kind, name))
    assert len(seen) > 40
