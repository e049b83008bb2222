"""The real service as a child process: `python -m tests.web.serving`."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Self, TextIO
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import websocket

from application.settings import Settings, environment_of, load_settings
from web.serve import serve, serve_web

_START_SECONDS = 90
# By what the parts are told from each other.
_WORDS = {"web": b"gunicorn", "runner": b"runner", "projector": b"projector"}
ROOT = Path(__file__).resolve().parents[2]


class Service:
    """A running service; everything that waits has a limit."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    @property
    def origin(self) -> str:
        return f"http://localhost:{urlsplit(self.url).port}"

    def get(self, path: str, token: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def log_in(self, username: str, password: str) -> str:
        """Log in as a browser does; returns its cookies."""
        jar = CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        browser.open(f"{self.url}/admin/login/", timeout=60).close()
        form = {
            "username": username,
            "password": password,
            "csrfmiddlewaretoken": next(
                str(cookie.value) for cookie in jar if cookie.name == "csrftoken"
            ),
        }
        data = urlencode(form).encode()
        browser.open(f"{self.url}/admin/login/", data, timeout=60).close()
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)

    def follow(self, query: str, token: str, **options: Any) -> "Socket":
        """Open the event feed."""
        return self.open(f"/ws/firmware-upgrader/event/?{query}", token, **options)

    def listen(self, operation_id: UUID | str, token: str, **options: Any) -> "Socket":
        path = f"/ws/firmware-upgrader/upgrade-operation/{operation_id}/"
        return self.open(path, token, **options)

    def open(self, path: str, token: str, **options: Any) -> "Socket":
        header = [f"Authorization: Bearer {token}"] if token else []
        settings: dict[str, Any] = {"origin": self.origin, "timeout": 60} | options
        url = f"ws://127.0.0.1:{urlsplit(self.url).port}{path}"
        return Socket(websocket.create_connection(url, header=header, **settings))

    def children(self) -> dict[str, int]:
        """Process ids of the parts by name."""
        found = {}
        for pid in children_of(self.process.pid):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):  # it has just ended
                continue
            for name, word in _WORDS.items():
                if word in command:
                    found[name] = pid
        return found

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> float:
        """Stop gracefully; returns the seconds that it took."""
        begun = time.monotonic()
        self.process.terminate()
        self.process.wait(60)
        return time.monotonic() - begun


class Socket:
    """A WebSocket client that speaks JSON."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.closed = (0, "")

    def ask(self) -> dict[str, Any]:
        self.send(json.dumps({"type": "request_current_state"}))
        return self.receive()

    def send(self, text: str, *, opcode: int = websocket.ABNF.OPCODE_TEXT) -> None:
        self._connection.send(text, opcode=opcode)

    def receive(self) -> dict[str, Any]:
        message = json.loads(self._connection.recv())
        assert isinstance(message, dict)
        return message

    def is_silent(self, seconds: float) -> bool:
        self._connection.settimeout(seconds)
        try:
            self._connection.recv()
        except websocket.WebSocketTimeoutException:
            return True
        finally:
            self._connection.settimeout(60)
        return False

    def close_code(self) -> int:
        """Read on to the Close, and answer it."""
        while True:
            opcode, data = self._connection.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                self._connection.shutdown()
                return int.from_bytes(data[:2], "big")

    def receive_or_close(self) -> dict[str, Any] | None:
        """Receive a message; None at the Close, whose code and reason are `closed`."""
        while True:
            opcode, data = self._connection.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                self.closed = int.from_bytes(data[:2], "big"), data[2:].decode()
                self._connection.shutdown()
                return None
            if opcode == websocket.ABNF.OPCODE_TEXT:
                message = json.loads(data)
                assert isinstance(message, dict)
                return message

    def cut(self) -> None:
        """Be gone without a word."""
        self._connection.shutdown()

    def close(self) -> None:
        self._connection.close(timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def serving(
    settings: Settings, *, directory: Path = ROOT, as_web_alone: bool = False
) -> Iterator[Service]:
    """Run the service until the block ends; what is left of it is killed."""
    served = "web" if as_web_alone else "all"
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.web.serving", served],
        cwd=directory,
        env=os.environ | environment_of(settings) | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    service = Service(process, "")
    try:
        service.url = _ready_url(process)
        yield service
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def eventually(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def _ready_url(process: subprocess.Popen[str]) -> str:
    lines: queue.Queue[str] = queue.Queue()
    stdout = process.stdout
    assert stdout is not None
    threading.Thread(target=_pass_on, args=(stdout, lines), daemon=True).start()
    line = lines.get(timeout=_START_SECONDS)
    word, _, url = line.strip().partition(" ")
    assert word == "ready", line
    return url


def _pass_on(stdout: TextIO, lines: "queue.Queue[str]") -> None:
    for line in stdout:
        lines.put(line)
    lines.put("it ended")


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


if __name__ == "__main__":
    _serve = {"all": serve, "web": serve_web}[sys.argv[1]]
    _serve(load_settings())
