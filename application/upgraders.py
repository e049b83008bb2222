"""Upgraders: how Flashlog talks to a kind of firmware.

The built-in one, `openwrt`, runs the scripts of `application.scripts`. A package adds
its own for other firmware as an entry point of the group `flashlog.upgraders`: a
callable that takes an open session and the limits and returns an object with the
methods of `application.router.router.Router`. The simplest way is a subclass that
overrides what is different; everything else of an upgrade (the log, the fences, the
evidence, the obligations) stays as it is.
"""

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points

from application.errors import RefusedStepError
from application.ports import Session
from application.router.limits import RouterLimits
from application.router.router import Router

GROUP = "flashlog.upgraders"
OPENWRT = "openwrt"

Upgrader = Callable[[Session, RouterLimits], Router]


class UnknownUpgraderError(RefusedStepError):
    """No installed package offers an upgrader of this name."""


def upgrader_names() -> tuple[str, ...]:
    """Return the names that a device may have."""
    return (OPENWRT, *sorted(entry.name for entry in entry_points(group=GROUP)))


@cache
def find_upgrader(name: str) -> Upgrader:
    """Load an upgrader by its name. Raises UnknownUpgraderError."""
    if name in {"", OPENWRT}:
        return Router
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            upgrader: Upgrader = entry.load()
            return upgrader
    msg = (
        f"no installed package offers the upgrader {name!r}; there are: "
        f"{', '.join(upgrader_names())}"
    )
    raise UnknownUpgraderError(msg)
