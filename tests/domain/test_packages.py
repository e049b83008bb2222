"""Which packages of a router a new image would lack."""

import pytest

from domain.packages import lacking


@pytest.mark.parametrize(
    ("installed", "expendable", "lost"),
    [
        ((), (), ()),
        (("busybox",), (), ()),
        (("tcpdump", "bmon"), (), ("bmon", "tcpdump")),
        (("tcpdump", "bmon"), ("bmon",), ("tcpdump",)),
    ],
)
def test_what_is_neither_in_the_image_nor_expendable_is_lost(
    installed: tuple[str, ...], expendable: tuple[str, ...], lost: tuple[str, ...]
) -> None:
    contained = {"busybox": "1.36", "dropbear": "2022.83"}
    found = lacking(installed, contained=contained, expendable=expendable)
    assert found == lost
