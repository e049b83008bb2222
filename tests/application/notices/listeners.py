"""Those who are told: a web server, a mail server and a program, all real."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any, NamedTuple


class Hook(NamedTuple):
    """One request that a web server got."""

    headers: dict[str, str]
    body: bytes


class WebListener:
    """A web server that keeps what it gets; `statuses` are answered one by one."""

    def __init__(self) -> None:
        self.got: list[Hook] = []
        self.statuses: list[int] = []
        self.stall_seconds = 0.0
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {k.lower(): v for k, v in self.headers.items()}
                listener.got.append(Hook(headers, body))
                sleep(listener.stall_seconds)
                self.send_response(
                    listener.statuses.pop(0) if listener.statuses else 204
                )
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook?who=noc"


class MailListener:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.recipients: list[str] = []
        self.refuses = False
        listener = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say("220 sink")
                while line := self.rfile.readline().decode().strip():
                    word = line[:4].upper()
                    if word == "DATA":
                        self._say("354 go on")
                        listener.got.append(self._data())
                    if word == "RCPT":
                        listener.recipients.append(line)
                    if word == "QUIT":
                        self._say("221 bye")
                        return
                    self._say(
                        "550 no" if listener.refuses and word == "RCPT" else "250 ok"
                    )

            def _data(self) -> str:
                lines = []
                while (line := self.rfile.readline().decode()) != ".\r\n":
                    lines.append(line)
                return "".join(lines)

            def _say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server.server_address[1]}"


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
