"""Something between us and the server that plays tricks."""

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

_SOCKET = ".s.PGSQL.5432"

Trick = Callable[[bytes], bytes]


class Proxy:
    """Passes on what is said; `answer` may change what the server says.

    When `answer` returns nothing, the connection ends there.
    """

    def __init__(self, server: str, directory: Path) -> None:
        self.directory = directory
        self.answer: Trick = bytes
        self._server = str(Path(server, _SOCKET))
        self._ears = socket.socket(socket.AF_UNIX)
        self._ears.bind(str(directory / _SOCKET))
        self._ears.listen()
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._ears.shutdown(socket.SHUT_RDWR)
        self._ears.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._ears.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            for giver, taker, trick in (
                (client, server, bytes),
                (server, client, self._answered),
            ):
                Thread(target=_pass, args=(giver, taker, trick), daemon=True).start()

    def _answered(self, said: bytes) -> bytes:
        return self.answer(said)


def _pass(giver: socket.socket, taker: socket.socket, trick: Trick) -> None:
    with suppress(OSError):
        while (said := giver.recv(65536)) and (told := trick(said)):
            taker.sendall(told)
    for each in (giver, taker):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
    giver.close()
