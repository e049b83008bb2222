"""A mail server that keeps what it gets, if need be after TLS and a log-in."""

import socketserver
import ssl
from base64 import b64decode
from pathlib import Path
from typing import cast

from tests.application.notices.listeners import context_of


class MailListener:
    """What the server was told; `refuses` names recipients that it does not want."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.recipients: list[str] = []
        self.refuses: tuple[str, ...] = ()
        self.logged_in: list[bool] = []
        # With these it asks for TLS first, and then for this log-in.
        self.starttls: ssl.SSLContext | None = None
        self.log_in = ("", "")
        self.server = _Server(("127.0.0.1", 0), _Conversation)
        self.server.listener = self

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server.server_address[1]}"

    def ask_for(self, name: str, password: str, *, certificate: Path) -> None:
        """Take TLS after STARTTLS, and then a log-in."""
        self.starttls = context_of(certificate)
        self.log_in = name, password

    def speak_tls(self, certificate: Path) -> str:
        """Take TLS from the first byte on; returns the URL."""
        self.server.socket = context_of(certificate).wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )
        return self.url.replace("smtp:", "smtps:")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    listener: MailListener


class _Conversation(socketserver.StreamRequestHandler):
    is_secure = False

    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word == "QUIT":
                self._say("221 bye")
                return
            answer = getattr(self, f"_{word.lower()}", lambda _: "250 ok")
            if said := answer(line):
                self._say(said)

    def finish(self) -> None:
        super().finish()
        self.request.close()

    @property
    def _listener(self) -> MailListener:
        return cast("_Server", self.server).listener

    def _ehlo(self, _: str) -> str:
        if self._listener.starttls is None:
            return "250 sink"
        offered = "AUTH PLAIN" if self.is_secure else "STARTTLS"
        return f"250-sink\r\n250 {offered}"

    def _starttls(self, _: str) -> str:
        context = self._listener.starttls
        assert context is not None
        self._say("220 go on")
        try:
            self.request = context.wrap_socket(self.request, server_side=True)
        except ssl.SSLError:  # it does not trust us
            return ""
        self.setup()
        self.is_secure = True
        return ""

    def _auth(self, line: str) -> str:
        said = b64decode(line.rsplit(maxsplit=1)[-1]).decode().split("\0")[1:]
        is_known = self.is_secure and tuple(said) == self._listener.log_in
        self._listener.logged_in.append(is_known)
        return "235 welcome" if is_known else "535 no"

    def _mail(self, _: str) -> str:
        is_known = self._listener.starttls is None or self._listener.logged_in == [True]
        return "250 ok" if is_known else "530 log in first"

    def _rcpt(self, line: str) -> str:
        self._listener.recipients.append(line)
        is_refused = any(each in line for each in self._listener.refuses)
        return "550 no" if is_refused else "250 ok"

    def _data(self, _: str) -> str:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line)
        self._listener.got.append("".join(lines))
        return "250 ok"

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
