"""Ask a web process for its health, and where to ask it."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

_ANSWER_SECONDS_MAX = 2.0
_ADDRESS_FILE = "service.url"


class Probe(msgspec.Struct, frozen=True):
    """What was answered; the status is 0 where nothing was."""

    status: int
    text: str

    @property
    def is_well(self) -> bool:
        return self.status == HTTPStatus.OK


def probe(url: str, path: str) -> Probe:
    """Ask once, over the loopback where the service listens everywhere."""
    address = urlsplit(url)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(  # noqa: S104 - compared with
        str(address.hostname), str(address.hostname)
    )
    connection = http.client.HTTPConnection(
        host, address.port, timeout=_ANSWER_SECONDS_MAX
    )
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return Probe(answer.status, answer.read().decode(errors="replace"))
    except OSError as error:
        return Probe(0, str(error))
    except http.client.HTTPException as error:
        return Probe(0, repr(error))
    finally:
        connection.close()


@contextmanager
def address_noted(data_dir: Path, url: str) -> Iterator[None]:
    """Let others know the address meanwhile: it may have been given to us by chance."""
    path = data_dir / _ADDRESS_FILE
    path.write_text(f"{url}\n")
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


def noted_address(data_dir: Path) -> str:
    """Return where a running service answers; blank while it does not say."""
    try:
        return (data_dir / _ADDRESS_FILE).read_text().strip()
    except FileNotFoundError:
        return ""
