"""Whether an image is for a router.

Facts: fwtool.sh of OpenWrt 21.02 to 25.12 (boards, then compat_version) and of 18.06
and 19.07, which know no compat_version and read only supported_devices.
"""

from typing import Protocol

import msgspec

from domain.options import UpgradeOptions
from domain.release import Release

_FIRST_COMPAT_VERSION = "1.0"


class Image(Protocol):
    """What is asked of an image."""

    @property
    def boards(self) -> tuple[str, ...]: ...
    @property
    def compat_version(self) -> str: ...
    @property
    def compat_message(self) -> str: ...


class Router(msgspec.Struct, frozen=True, kw_only=True):
    """What a router says of itself. A blank `compat_version` means 1.0."""

    board: str
    model: str
    release: Release
    compat_version: str = ""


class Names(msgspec.Struct, frozen=True, kw_only=True):
    """What an image is for: `boards` as routers say them, `models` as people do."""

    boards: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a device without visiting it; blank where nothing is.

    `model` is what people say. `board` and `learned_model` are what the router itself
    said when it was last visited.
    """

    model: str = ""
    learned_model: str = ""
    board: str = ""

    @property
    def names(self) -> frozenset[str]:
        return frozenset({self.model, self.learned_model, self.board} - {""})


def fits(image: Names, device: Known) -> bool:
    """Whether an image is for a device, as far as can be told without a visit.

    Names are equal or not, letter by letter. What the router said of itself counts
    for more than what people say of it.
    """
    if device.board and image.boards and device.board not in image.boards:
        return False
    return not device.names.isdisjoint({*image.boards, *image.models})


def judge(
    image: Image,
    router: Router,
    *,
    options: UpgradeOptions,
    device_model: str = "",
    device_board: str = "",
) -> str | None:
    """Say why the image must not be flashed on the router; None when it may.

    `device_model` and `device_board` are the inventory's, blank where it does not
    say. `F` overrides compat versions, never the board.
    """
    return (
        _judge_device(router, device_model, device_board)
        or _judge_board(image, router)
        or (None if options.F else _judge_compat_version(image, router, options))
    )


def _judge_device(router: Router, model: str, board: str) -> str | None:
    if board and board != router.board:
        return (
            f"The router is another board than the device: expected {board}, found "
            f"{router.board or 'none'}. Correct the device, or find out which router "
            "answers there."
        )
    if model and _plain(model) not in {_plain(router.model), _plain(router.board)}:
        return (
            f"The router is another model than the device: expected {model}, found "
            f"{router.model or 'none'}. Correct the device, or find out which router "
            "answers there."
        )
    return None


def _judge_board(image: Image, router: Router) -> str | None:
    if router.board and router.board in image.boards:
        return None
    return (
        f"The image is not for this board: expected {' or '.join(image.boards)}, "
        f"found {router.board or 'none'}. Choose the image of this board."
    )


def _judge_compat_version(
    image: Image, router: Router, options: UpgradeOptions
) -> str | None:
    wanted, running = image.compat_version, router.compat_version.strip()
    running = running or _FIRST_COMPAT_VERSION
    if not router.release.knows_compat_version and wanted != _FIRST_COMPAT_VERSION:
        return (
            f"OpenWrt {router.release} takes no image with a compat version: expected "
            f"{_FIRST_COMPAT_VERSION}, found {wanted}. Upgrade to an older image with "
            f"{_FIRST_COMPAT_VERSION} first, or force it with F.{_said(image)}"
        )
    if _major(wanted) != _major(running):
        return (
            f"The image's compat version is too far from the router's: expected "
            f"{_major(running)}.x, found {wanted}. sysupgrade cannot do this step; "
            f"only F forces it.{_said(image)}"
        )
    if wanted != running and options.keeps_configuration:
        return (
            f"The router's configuration does not fit the image: expected compat "
            f"version {running}, found {wanted}. Upgrade without keeping the "
            f"configuration (n).{_said(image)}"
        )
    return None


def _major(compat_version: str) -> str:
    return compat_version.partition(".")[0]


def _said(image: Image) -> str:
    return f" The image says: {image.compat_message}" if image.compat_message else ""


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
