"""The address of a service: which ones are safe to send a token to."""

import ipaddress
import ssl
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import click


def read_url(text: str, *, insecure_http: bool = False) -> str:
    """Return the address as it is kept, without a slash at its end.

    Without a scheme, https is meant. Raises UsageError, also for plain http to another
    machine, which would show the token to everybody on the way.
    """
    url = text.strip() if "://" in text else f"https://{text.strip()}"
    try:
        parts = urlsplit(url)
        port_is_none_or_number = parts.port
    except ValueError:
        raise _wrong(text) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _wrong(text)
    if parts.username or parts.query or parts.fragment or port_is_none_or_number == 0:
        raise _wrong(text)
    if parts.scheme == "http" and not (insecure_http or is_loopback(parts.hostname)):
        msg = (
            f"{url} would send password and token in clear: use https, or say "
            "--insecure-http where nobody else can listen"
        )
        raise click.UsageError(msg)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """Return what a browser on this service's pages would call itself."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def socket_url(url: str, path: str) -> str:
    parts: SplitResult = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}{parts.path}{path}"


def trust(ca_file: str) -> ssl.SSLContext:
    """Return what certificates are judged by: the system's authorities, and a file's.

    Raises UsageError for a file that holds none.
    """
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = getattr(error, "strerror", None) or "it holds no certificate"
            msg = f"the certificates in {ca_file} cannot be used: {reason}"
            raise click.UsageError(msg) from None
    return context


def absolute(ca_file: Path | None) -> str:
    """Return a path that means the same wherever a command is run."""
    return str(ca_file.expanduser().resolve()) if ca_file else ""


def _wrong(text: str) -> click.UsageError:
    msg = f"{text!r} is not the address of a service: say https://HOST[:PORT]"
    return click.UsageError(msg)
