"""The contract's tests over real HTTP: one gunicorn, an installation for each test.

Requests name the data directory of their installation in a header, and the server
makes the application for it as `wsgi.py` does. Every answer is judged by the
interface's own description.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic, sleep
from urllib.parse import quote, unquote
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response
from werkzeug.test import Client

from application import passwords
from application.flashlog import Flashlog
from application.settings import Settings, environment_of, load_settings
from tests.starting import share_url_builders
from tests.web.judging import wrong_with
from web import transport
from web.app import create_app

CHEAP_SCRYPT = {"n": 16, "r": 8, "p": 1}
_HEADER = "X-Flashlog-Environment"
_JUDGEMENT = "X-Flashlog-Undescribed"
_KEPT = 8
_START_SECONDS = 60
# gunicorn 27 would write a control socket to the home directory.
_QUIET = os.environ | {"GUNICORN_CMD_ARGS": "--no-control-socket"}
_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "date", "server"}


class Installations:
    """WSGI: the application of the installation that a request is for."""

    def __init__(self) -> None:
        # What a password costs to check is not what these tests are about.
        passwords._SCRYPT = CHEAP_SCRYPT
        share_url_builders()
        transport._finish = _finish_and_judge
        self._apps: OrderedDict[str, tuple[Flask, Flashlog]] = OrderedDict()
        self._lock = Lock()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        key = f"HTTP_{_HEADER.upper().replace('-', '_')}"
        return self._app(environ.pop(key))(environ, start_response)

    def _app(self, variables: str) -> Flask:
        with self._lock:
            if variables not in self._apps:
                flashlog = Flashlog(load_settings(json.loads(variables)))
                self._apps[variables] = (create_app(flashlog), flashlog)
            self._apps.move_to_end(variables)
            if len(self._apps) > _KEPT:
                _, (_, flashlog) = self._apps.popitem(last=False)
                flashlog.close()
            return self._apps[variables][0]


_finish = transport._finish


def _finish_and_judge(response: Response) -> Response:
    """Tell the client what an answer has, or lacks, that is not described."""
    answer = _finish(response)
    if wrong := "; ".join(wrong_with(answer)):
        answer.headers[_JUDGEMENT] = quote(wrong)
    return answer


class OverHTTP:
    """WSGI: passes each request on to the server, and its answer back."""

    def __init__(self, port: int, settings: Settings) -> None:
        self._port = port
        self._variables = json.dumps(environment_of(settings))

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        headers = {
            name[5:].replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if environ.get(name):
                headers[name.replace("_", "-")] = environ[name]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(
                environ["REQUEST_METHOD"],
                _target(environ),
                environ["wsgi.input"].read(length) if length else None,
                {**headers, _HEADER: self._variables},
            )
            answer = connection.getresponse()
            body = answer.read()
            assert answer.headers[_JUDGEMENT] is None, unquote(
                answer.headers[_JUDGEMENT]
            )
            kept = [
                (name, value)
                for name, value in answer.getheaders()
                if name.lower() not in _HOP_BY_HOP
            ]
            start_response(f"{answer.status} {answer.reason}", kept)
            return [body]
        finally:
            connection.close()


def _target(environ: WSGIEnvironment) -> str:
    path = quote(environ["PATH_INFO"].encode("latin-1"))
    return f"{path}?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else path


@contextmanager
def serving_installations() -> Iterator[int]:
    """Run gunicorn; its port is the block's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
        command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread"]
        command += ["--threads", "8", "--bind", f"fd://{listener.fileno()}"]
        command += ["--log-level", "error", f"{__name__}:application()"]
        process = subprocess.Popen(
            command,
            pass_fds=[listener.fileno()],
            env=os.environ | {"HOME": "/nonexistent"},
        )
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(60)


def client_over_http(port: int, settings: Settings) -> Client:
    return Client(OverHTTP(port, settings))


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the worker answers, be it that it misses the header."""
    deadline = monotonic() + _START_SECONDS
    while True:
        assert process.poll() is None, "gunicorn ended"
        assert monotonic() < deadline, "gunicorn did not start"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            sleep(0.05)
        else:
            return
        finally:
            connection.close()


def application() -> Installations:
    """Make what gunicorn serves."""
    return Installations()
