"""What a file's name tells of an image that no table knows."""

import re
from pathlib import PurePosixPath

from domain.firmware import FirmwareMetadata

FILE_NAME_LENGTH_MAX = 255
_TYPE_LENGTH_MAX = 255
_VERSION_WORD = re.compile(r"v?\d+(\.\w+)+|r\d+(\+\d+)?|rc\d+|snapshot|[0-9a-f]{7,12}")


def own_type(file_name: str, metadata: FirmwareMetadata) -> str:
    """Name an image's type by its file, without what changes from build to build.

    Of `openwrt-24.10.0-ath79-generic-X-sysupgrade.bin` the target and all behind it;
    where the name does not hold the target, what is left without the first word and
    the version.
    """
    return (
        _from_target(file_name, metadata.target)
        or _without_version(file_name, metadata)
        or file_name
    )[:_TYPE_LENGTH_MAX]


def clean_file_name(name: str) -> str:
    """Return a name that is safe to store, to send in a header and to type."""
    base = PurePosixPath(name.replace("\\", "/")).name
    clean = re.sub(r"[^-\w.]", "", base.strip().replace(" ", "_")).lstrip(".")
    if len(clean) <= FILE_NAME_LENGTH_MAX:
        return clean or "firmware.bin"
    # The end tells the board and what kind of file it is.
    return clean[-FILE_NAME_LENGTH_MAX:].lstrip(".")


def _from_target(file_name: str, target: str) -> str:
    words = target.replace("/", "-")
    _, found, rest = file_name.partition(f"-{words}-") if words else ("", "", "")
    return f"{words}-{rest}" if found else ""


def _without_version(file_name: str, metadata: FirmwareMetadata) -> str:
    rest = file_name.partition("-")[2]
    for said in (metadata.version, metadata.revision):
        if said and f"{said}-" in rest:
            rest = rest.partition(f"{said}-")[2]
    words = rest.split("-")
    while len(words) > 1 and _VERSION_WORD.fullmatch(words[0].lower()):
        words.pop(0)
    return "-".join(words)
