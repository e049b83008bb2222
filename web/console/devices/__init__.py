"""The inventory: devices found, looked at, changed, and upgraded one by one."""

from web.console.devices import (
    adding,
    checking,
    connecting,
    editing,
    lifecycle,
    listing,
    page,
    several,
    upgrading,
)
from web.console.devices.section import blueprint

__all__ = [
    "adding",
    "blueprint",
    "checking",
    "connecting",
    "editing",
    "lifecycle",
    "listing",
    "page",
    "several",
    "upgrading",
]
