"""What may be said of a router: names, addresses, MAC addresses."""

import re
from collections.abc import Sequence
from ipaddress import ip_address

from domain.errors import InvalidError

NAME_LENGTH_MAX = 64
_HOST_NAME_LENGTH_MAX = 253
_HOST_LABEL_LENGTH_MAX = 63
_KEY_LENGTH_MAX = 64
_KEY_FORM = re.compile(r"[^\s./]+")


def name_complaints(name: str) -> list[str]:
    """Say what is wrong with the name of a device."""
    length = len(name.strip())
    if not 0 < length <= NAME_LENGTH_MAX or not name.isprintable():
        return [f"Give a name of 1 to {NAME_LENGTH_MAX} characters."]
    return []


def key_complaints(key: str) -> list[str]:
    if len(key) > _KEY_LENGTH_MAX or not _KEY_FORM.fullmatch(key):
        return [f"Give 1 to {_KEY_LENGTH_MAX} characters, but no space, dot or slash."]
    return []


def check_addresses(addresses: Sequence[str]) -> None:
    """Refuse what cannot be dialled. Raises InvalidError on `address`."""
    for address in addresses:
        host = address.rpartition("%")[0] or address
        if not is_ip_address(host) and not is_host_name(host):
            raise InvalidError.of(
                "address", f"{address!r} is neither an IP address nor a host name."
            )


def is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def is_host_name(text: str) -> bool:
    """Whether a resolver can be asked for it; see RFC 1123, section 2.1."""
    labels = text.removesuffix(".").split(".")
    return len(text) <= _HOST_NAME_LENGTH_MAX and all(
        0 < len(label) <= _HOST_LABEL_LENGTH_MAX
        and label.replace("-", "").isalnum()
        and not label.startswith("-")
        for label in labels
    )


def dialled(
    management_ip: str | None, further: Sequence[str]
) -> tuple[str | None, tuple[str, ...]]:
    """Return the management address and all that is dialled, that one first.

    Where none is given, the first address is it, if it is an IP address.
    """
    if management_ip is None and further and is_ip_address(further[0]):
        management_ip = further[0]
    first = (management_ip,) if management_ip else ()
    return management_ip, tuple(dict.fromkeys((*first, *further)))
