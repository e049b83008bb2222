"""A form with a file in it, made while it is sent: no file is held in memory."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from urllib3.fields import RequestField

Told = Callable[[int, int], None]


class Form:
    """What is read of it is what a browser would send.

    `told` is called with the bytes of the file that were read and those there are.
    """

    def __init__(
        self, fields: Mapping[str, str], path: Path, file: BinaryIO, told: Told
    ) -> None:
        boundary = uuid4().hex
        self.content_type = f"multipart/form-data; boundary={boundary}"
        before = [_part(boundary, name, value) for name, value in fields.items()]
        self._before = b"".join([*before, _head(boundary, "file", path.name)])
        self._after = f"\r\n--{boundary}--\r\n".encode()
        self._file = file
        self._file_bytes = path.stat().st_size
        self._left_bytes = self._file_bytes
        self._told = told
        self.size_bytes = len(self._before) + self._file_bytes + len(self._after)

    def read(self, size: int = -1) -> bytes:
        """Return what comes next; nothing at the end."""
        if self._before:
            piece, self._before = self._before, b""
            return piece
        if self._left_bytes and (piece := self._next_of_file(size)):
            return piece
        piece, self._after = self._after, b""
        return piece

    def _next_of_file(self, size: int) -> bytes:
        """Return some more of the file; no more than it had when it was begun."""
        most = self._left_bytes if size < 0 else min(size, self._left_bytes)
        piece = self._file.read(most)
        self._left_bytes -= len(piece)
        self._told(self._file_bytes - self._left_bytes, self._file_bytes)
        return piece


def _part(boundary: str, name: str, value: str) -> bytes:
    return _head(boundary, name, None) + value.encode() + b"\r\n"


def _head(boundary: str, name: str, file_name: str | None) -> bytes:
    field = RequestField(name, b"", filename=file_name)
    kind = "application/octet-stream" if file_name is not None else None
    field.make_multipart(content_type=kind)
    return f"--{boundary}\r\n{field.render_headers()}".encode()
