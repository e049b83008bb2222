"""Host names that may be served and may open sockets."""

from typing import Self
from urllib.parse import urlsplit

import msgspec

_LOCAL = ("localhost", "127.0.0.1", "::1")
_ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


class AllowedHosts(msgspec.Struct, frozen=True):
    """`*` stands for every host, `.example.org` for a domain and all below it."""

    patterns: tuple[str, ...]

    @classmethod
    def of(cls, names: str, *, bind: str) -> Self:
        """Allow the names given (separated by commas), the bind address, localhost."""
        host = host_of(bind)
        own = () if host in _ANY_ADDRESS else (host,)
        given = (name.strip().lower() for name in names.split(","))
        return cls((*filter(None, given), *own, *_LOCAL))

    def allow(self, host: str) -> bool:
        return any(_matches(host.lower().rstrip("."), each) for each in self.patterns)

    def allow_origin(self, origin: str | None) -> bool:
        """Judge a WebSocket's Origin; without one, only `*` allows it."""
        if not origin:
            return "*" in self.patterns
        try:
            host = urlsplit(origin).hostname
        except ValueError:
            return False
        return bool(host) and self.allow(str(host))


def host_of(address: str) -> str:
    """Return the host of `host:port`, `[host]:port` or `host`."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    host, colon, port = address.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else address


def _matches(host: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("."):
        return host == pattern[1:] or host.endswith(pattern)
    return host == pattern
