"""How files that clients send are taken: in pieces, to the disk of the image store.

What comes in with a form is read in small pieces; a file that is not small goes to a
temporary file without a name, which is gone when the request ends, however it ends. It
is beside the images and not in /tmp, which often is memory.
"""

import math
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import Request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from application.errors import InvalidError
from web.state import flashlog

# What a form has around its file: names, boundaries, the other fields.
SLACK_BYTES = 256 * 1024
_MEMORY_BYTES_MAX = 64 * 1024
_DRAINED_BYTES_MAX = 256 * 1024 * 1024


class UploadRequest(Request):
    """A request whose files go to the disk of the image store."""

    def __init__(self, *arguments: Any, **others: Any) -> None:
        super().__init__(*arguments, **others)
        self._streams: list[IO[bytes]] = []

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        directory = str(flashlog().images.directory)
        stream = SpooledTemporaryFile(  # noqa: SIM115 - closed with the request
            max_size=_MEMORY_BYTES_MAX, dir=directory
        )
        self._streams.append(stream)
        return stream

    def close(self) -> None:
        """Close every file, and take what nobody has read.

        A client that is answered while it sends would see its connection break and no
        answer.
        """
        super().close()
        for stream in self._streams:
            stream.close()
        if self.content_length or "Transfer-Encoding" in self.headers:
            _drain(self.environ["wsgi.input"])


def _drain(body: IO[bytes]) -> None:
    left = _DRAINED_BYTES_MAX
    # Who has gone meanwhile needs no answer.
    with suppress(Exception):
        while left > 0 and (piece := body.read(_MEMORY_BYTES_MAX)):
            left -= len(piece)


class Bounded:
    """A body of unknown length; more than the limit of it is refused, not cut off."""

    def __init__(self, body: IO[bytes], *, size_bytes_max: int) -> None:
        self._body = body
        self._left: float = size_bytes_max

    def read(self, size: int = -1) -> bytes:
        """Read on. Raises RequestEntityTooLarge, once: the rest may be drained."""
        piece = self._body.read(size)
        self._left -= len(piece)
        if self._left < 0:
            self._left = math.inf
            raise RequestEntityTooLarge
        return piece


def bound_body(request: Request, *, size_bytes_max: int) -> None:
    """Let no more be taken of a body that does not say how long it is."""
    body = request.environ["wsgi.input"]
    bounded = Bounded(body, size_bytes_max=size_bytes_max)
    request.environ["wsgi.input"] = bounded
    # Werkzeug cuts off at its own limit, silently: ours has to come before.
    request.max_content_length = size_bytes_max + _MEMORY_BYTES_MAX


def takes_files(view: object) -> bool:
    """Whether a view, or the resource whose method it is, says that it takes files."""
    return bool(getattr(getattr(view, "__self__", view), "takes_files", False))


def allow_file(request: Request, *, size_bytes_max: int) -> None:
    """Let the form have a file of that size, 0 stands for any; before it is read."""
    request.max_content_length = (
        size_bytes_max + SLACK_BYTES if size_bytes_max else None
    )


def too_big(size_bytes_max: int) -> InvalidError:
    return InvalidError.of(
        "file", f"The file is bigger than the {size_bytes_max} bytes allowed."
    )


def submitted_file(request: Request, *, size_bytes_max: int) -> FileStorage:
    """Return the form's `file`; a body of that size is taken, 0 stands for any.

    Raises InvalidError on `file`.
    """
    allow_file(request, size_bytes_max=size_bytes_max)
    try:
        files, form = request.files, request.form
    except RequestEntityTooLarge:
        raise too_big(size_bytes_max) from None
    if "file" not in files:
        raise InvalidError.of(
            "file",
            "The submitted data was not a file. Check the encoding type on the form."
            if "file" in form
            else "No file was submitted.",
        )
    file = files["file"]
    if not file.filename:
        raise InvalidError.of("file", "No filename could be determined.")
    return file
