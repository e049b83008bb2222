"""Which packages of a router a new image would lack."""

import pytest

from domain.packages import lacking

MANIFEST = {"busybox", "dropbear", "wpad-basic"}


@pytest.mark.parametrize(
    ("installed", "device_packages", "expendable", "lost"),
    [
        ((), (), (), ()),
        (("busybox",), (), (), ()),
        (("tcpdump", "bmon"), (), (), ("bmon", "tcpdump")),
        (("tcpdump", "bmon"), (), ("bmon",), ("tcpdump",)),
        (("kmod-ath10k",), ("kmod-ath10k",), (), ()),
        (("wpad-basic",), ("-wpad-basic",), (), ("wpad-basic",)),
    ],
)
def test_what_is_neither_in_the_image_nor_expendable_is_lost(
    installed: tuple[str, ...],
    device_packages: tuple[str, ...],
    expendable: tuple[str, ...],
    lost: tuple[str, ...],
) -> None:
    found = lacking(
        installed,
        manifest=MANIFEST,
        device_packages=device_packages,
        expendable=expendable,
    )
    assert found == lost
