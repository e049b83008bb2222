"""What an image says of itself, and which files are let into the store.

Facts: the metadata that OpenWrt's build appends, as its fwtool and fwtool.sh read it.
"""

import re
from typing import NoReturn

import msgspec

from domain.errors import InvalidError
from domain.image_kind import (
    DESCRIPTIONS,
    factory_vendor,
    foreign_format,
    is_text,
    is_web_page,
    kind_of,
)
from domain.trailer import (
    HEADER_BYTES,
    METADATA,
    SIGNATURE,
    Outline,
    blocks,
    ends_with_trailer,
    has_traces,
    tail_before,
)

# targets whose platform.sh says REQUIRE_IMAGE_METADATA=1: their routers refuse an
# image without a trailer
TARGETS_WITH_METADATA = frozenset(
    {
        "apm821xx",
        "ath79",
        "ipq40xx",
        "ipq806x",
        "lantiq",
        "mediatek",
        "mvebu",
        "ramips",
        "realtek",
    }
)
_COMPAT_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4})?")
_BOARD_LENGTH_MAX = 128
_DOWNLOAD_AGAIN = "Download it again and compare its sha256 with the published one."


class FirmwareMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata block of an image. `boards` are the names routers compare with.

    `target` is like `ath79/generic`, `board` is the build's name of the device.
    `signed`: there is a signature block; it was not verified.
    """

    boards: tuple[str, ...]
    compat_version: str = "1.0"
    compat_message: str = ""
    distribution: str = ""
    version: str = ""
    revision: str = ""
    target: str = ""
    board: str = ""
    signed: bool = False
    metadata_version: str = "1.0"


class Firmware(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was let in. `metadata` is None where it has no trailer."""

    kind: str
    boards: tuple[str, ...]
    metadata: FirmwareMetadata | None


class _Version(msgspec.Struct):
    dist: str = ""
    version: str = ""
    revision: str = ""
    target: str = ""
    board: str = ""


class _Json(msgspec.Struct):
    metadata_version: str = "1.0"
    compat_version: str = "1.0"
    compat_message: str = ""
    supported_devices: tuple[str, ...] = ()
    new_supported_devices: tuple[str, ...] = ()
    version: _Version = msgspec.field(default_factory=_Version)


def admit(
    outline: Outline,
    *,
    file_name: str = "",
    boards: tuple[str, ...] = (),
    size_bytes_max: int | None = None,
) -> Firmware:
    """Judge a file at the door.

    `boards` are what a person says the image is for: needed where it has no trailer,
    added to the trailer's where it has one. Raises InvalidError on `file`.
    """
    check_size(outline.size, size_bytes_max)
    metadata = read_metadata(outline)
    kind = kind_of(outline.head)
    if metadata is None:
        _check_without_metadata(outline, kind, file_name, boards)
    said = metadata.boards if metadata else ()
    return Firmware(
        kind=kind, boards=tuple(dict.fromkeys((*said, *boards))), metadata=metadata
    )


def check_size(size: int, size_bytes_max: int | None) -> None:
    """Refuse a file that is empty or bigger than allowed (None: no limit).

    Raises InvalidError on `file`; may be asked while a file is still coming in.
    """
    if not size:
        _refuse("The submitted file is empty.")
    if size_bytes_max and size > size_bytes_max:
        _refuse(
            f"The file is bigger than the {size_bytes_max} bytes that are allowed.",
            remedy="FLASHLOG_IMAGE_SIZE_MAX_BYTES sets the limit.",
        )


def read_metadata(outline: Outline) -> FirmwareMetadata | None:
    """Read the metadata block; None where the file ends without one.

    The disk images of x86 that OpenWrt publishes are signed and have none. Raises
    InvalidError on `file` where a block is broken or holds nonsense.
    """
    found = blocks(outline)
    if not found or found[-1].type != METADATA:
        return None
    data = found[-1].data
    if data[:4] != bytes(4) or len(data) < HEADER_BYTES:
        _refuse("The metadata of the image is of an unknown version.")
    signed = any(block.type == SIGNATURE for block in found)
    return _metadata(_decoded(data[HEADER_BYTES:]), signed=signed)


def _decoded(text: bytes) -> _Json:
    try:
        return msgspec.json.decode(text, type=_Json)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        _refuse("The metadata of the image is not the JSON that OpenWrt writes.")


def _metadata(json: _Json, *, signed: bool) -> FirmwareMetadata:
    if not _COMPAT_VERSION.fullmatch(json.compat_version):
        _refuse("The compat_version in the image's metadata is not like 1.0.")
    # for routers that do not know compat_version, supported_devices then holds a
    # sentence that no board name equals
    boards = (
        json.supported_devices
        if json.compat_version == "1.0"
        else json.new_supported_devices
    )
    if not boards or not all(map(_is_board_name, boards)):
        _refuse("The metadata of the image does not name the boards that it is for.")
    return FirmwareMetadata(
        boards=boards,
        compat_version=json.compat_version,
        compat_message=json.compat_message,
        distribution=json.version.dist,
        version=json.version.version,
        revision=json.version.revision,
        target=json.version.target,
        board=json.version.board,
        signed=signed,
        metadata_version=json.metadata_version,
    )


def _is_board_name(name: str) -> bool:
    return 0 < len(name) <= _BOARD_LENGTH_MAX and name.isprintable()


def _check_without_metadata(
    outline: Outline, kind: str, file_name: str, boards: tuple[str, ...]
) -> None:
    _check_not_foreign(outline.head)
    _check_gzip(outline)
    if has_traces(tail_before(outline, blocks(outline))):
        _refuse(
            "The image has metadata, but it does not end with it: bytes were cut off "
            "or appended."
        )
    _check_not_factory(outline.head, file_name)
    if not boards:
        _refuse(
            f"There is no metadata at the end of the file ({outline.size} bytes, "
            f"{DESCRIPTIONS[kind]}): it was cut off, or this image never had any.",
            remedy=f"{_DOWNLOAD_AGAIN} If it never had any (x86, for example), say "
            "which boards it is for.",
        )
    target = target_of(file_name)
    if target in TARGETS_WITH_METADATA:
        _refuse(
            f"There is no metadata at the end of the file, and routers of the target "
            f"{target} refuse images without: it was cut off."
        )


def target_of(file_name: str) -> str | None:
    """Return the target that an image's file name tells, where it needs metadata."""
    words = re.split(r"[-_.]", file_name.lower())
    return next((word for word in words if word in TARGETS_WITH_METADATA), None)


def _check_not_foreign(head: bytes) -> None:
    if is_web_page(head):
        _refuse(
            "The file is a web page, not firmware: the download went wrong.",
            remedy="Download the image itself.",
        )
    if foreign := foreign_format(head):
        _refuse(f"The file is {foreign}, not firmware.", remedy="Submit the image.")
    if is_text(head):
        _refuse("The file is text, not firmware.", remedy="Submit the image itself.")


def _check_gzip(outline: Outline) -> None:
    if not (gzip := outline.gzip):
        return
    inner = kind_of(gzip.head)
    if ends_with_trailer(gzip.end) or inner not in {"disk", "unknown"}:
        _refuse(
            f"The file is a gzip of a whole sysupgrade image ({DESCRIPTIONS[inner]}).",
            remedy="Unpack it with gunzip and submit what comes out.",
        )
    if gzip.state == "cut":
        _refuse("The gzip file ends too early: it was cut off.")
    if gzip.state == "damaged":
        _refuse("The gzip file cannot be unpacked: it is damaged.")
    if inner != "disk":
        _refuse(
            "The gzip file holds no disk image.",
            remedy="Submit the sysupgrade image, or an x86 disk image (.img.gz).",
        )


def _check_not_factory(head: bytes, file_name: str) -> None:
    vendor = factory_vendor(head)
    if vendor or re.search(r"[-_.]factory[-_.]", file_name.lower()):
        _refuse(
            f"This looks like a factory image{f' of {vendor}' if vendor else ''}: it "
            "is for the vendor's own firmware.",
            remedy="Submit the sysupgrade image of the same build.",
        )


def _refuse(sentence: str, *, remedy: str = _DOWNLOAD_AGAIN) -> NoReturn:
    raise InvalidError.of("file", f"{sentence} {remedy}".strip())
