"""The address that is served: judged, then opened before any part is started."""

import ipaddress
import socket

from application.settings import Settings
from web.hosts import host_of

# Variables by which the supervisor tells its children what they inherit.
LISTENER = "FLASHLOG_LISTENER_FD"
SUPERVISOR = "FLASHLOG_SUPERVISOR_PID"

_BACKLOG = 2048
_PORT_MAX = 65535


class ServeError(Exception):
    """The service cannot be started; the message says why and what to do."""


def listen(settings: Settings) -> socket.socket:
    """Open the listening socket. Raises ServeError."""
    host, port = _host_and_port(settings.bind)
    if not (_is_loopback(host) or settings.behind_proxy):
        msg = (
            f"{settings.bind} can be reached from outside, and tokens would cross the "
            "network in clear text: bind to 127.0.0.1, or put a reverse proxy with TLS "
            "in front and say --behind-proxy"
        )
        raise ServeError(msg)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        msg = (
            f"cannot listen on {settings.bind} ({error.strerror}): stop what listens "
            "there, or choose another address with --bind"
        )
        raise ServeError(msg) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the address as a URL, with the port that was really given."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _host_and_port(bind: str) -> tuple[str, int]:
    host, port = host_of(bind), bind.rpartition(":")[2]
    is_port = port.isascii() and port.isdecimal() and int(port) <= _PORT_MAX
    if not host or host == bind or not is_port:
        msg = f"{bind!r} is not an address to listen on: say host:port"
        raise ServeError(msg)
    return host, int(port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
