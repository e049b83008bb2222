"""What every way to tell people has in common."""

from collections.abc import Collection
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from application.notices.notice import Notice
from application.settings import SettingsError

TOO_LONG = "it took longer than FLASHLOG_NOTICE_LIMIT_SECONDS"


class UndeliveredError(Exception):
    """A notice did not arrive; the message says why.

    `is_final`: whoever should get it wants no more of them.
    """

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


class Channel(Protocol):
    """One way to tell people."""

    name: str

    def send(self, notice: Notice) -> None:
        """Tell, or raise UndeliveredError within the limit."""


def address_of(url: str, variable: str, schemes: Collection[str]) -> SplitResult:
    """Return a URL of one of these schemes. Raises SettingsError."""
    try:
        found = urlsplit(url)
        is_usable = found.scheme in schemes and found.hostname and found.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        kinds = " or ".join(f"{scheme}://host" for scheme in sorted(schemes))
        msg = f"{variable} is not an address that can be used: say {kinds}"
        raise SettingsError(msg)
    return found
