"""Other firmware plugs in by name."""

from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from application import upgraders
from application.router.router import Router
from application.upgraders import (
    UnknownUpgraderError,
    find_upgrader,
    upgrader_names,
)


class FancyRouter(Router):
    """A firmware that is nearly OpenWrt."""


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    entry = EntryPoint("fancy", f"{__name__}:FancyRouter", upgraders.GROUP)
    monkeypatch.setattr(
        upgraders,
        "entry_points",
        lambda group: EntryPoints([entry]).select(group=group),
    )
    find_upgrader.cache_clear()
    yield
    find_upgrader.cache_clear()


def test_a_device_without_an_upgrader_is_openwrt() -> None:
    assert find_upgrader("") is Router
    assert find_upgrader("openwrt") is Router


@pytest.mark.usefixtures("_installed")
def test_an_installed_package_adds_its_upgrader() -> None:
    assert upgrader_names() == ("openwrt", "fancy")
    assert find_upgrader("fancy") is FancyRouter


@pytest.mark.usefixtures("_installed")
def test_an_unknown_upgrader_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownUpgraderError, match="openwrt, fancy"):
        find_upgrader("nobody's")
