"""A witness as C2SP tlog-witness describes it, small and real."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.transparency.checkpoint import Checkpoint, checkpoint_of
from domain.transparency.note import (
    COSIGNATURE,
    Note,
    NoteError,
    Signature,
    VerifierKey,
)
from domain.transparency.proofs import is_consistent

_NOW = 1_790_000_000


class TestWitness:
    """Remembers the newest checkpoint of one log; `statuses` are answered first."""

    __test__ = False

    def __init__(self, log: VerifierKey) -> None:
        self.log = log
        self.known = Checkpoint(log.name, 0, b"")
        self.statuses: list[int] = []
        self.asked = 0
        self._private = Ed25519PrivateKey.generate()
        public = self._private.public_key().public_bytes_raw()
        self.key = VerifierKey("witness.example/w1", public, COSIGNATURE)
        witness = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                witness.asked += 1
                status, answer = witness.add(self.path, body.decode())
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer.encode())))
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/prefix"

    def add(self, path: str, body: str) -> tuple[int, str]:
        """Answer a request: status and body."""
        if self.statuses:
            return self.statuses.pop(0), "not now\n"
        if path != "/prefix/add-checkpoint":
            return 404, ""
        above, _, whole = body.partition("\n\n")
        old, *proof = above.split("\n")
        note = Note.read(whole)
        try:
            new = checkpoint_of(note, self.log)
        except NoteError:
            return 403, ""
        old_size = int(old.removeprefix("old "))
        if old_size != self.known.size:
            return 409, f"{self.known.size}\n"
        is_grown = is_consistent(
            old_size=old_size,
            old_root=self.known.root,
            size=new.size,
            root=new.root,
            proof=[base64.b64decode(each, validate=True) for each in proof],
        )
        if not (is_grown or (old_size == 0 and not proof)):
            return 422, ""
        self.known = new
        return 200, self.cosigned(note.text)

    def cosigned(self, text: str) -> str:
        signed = f"cosignature/v1\ntime {_NOW}\n{text}".encode()
        content = _NOW.to_bytes(8) + self._private.sign(signed)
        return Signature(self.key.name, self.key.key_id, content).line


@contextmanager
def witnessing(log: VerifierKey) -> Iterator[TestWitness]:
    witness = TestWitness(log)
    thread = threading.Thread(target=witness.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield witness
    finally:
        witness.server.shutdown()
        thread.join()
        witness.server.server_close()
