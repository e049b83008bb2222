"""What a release directory holds, read and compared with its checksums.

Facts: the files that OpenWrt's buildbots leave for a target (`profiles.json` of
metadata version 1, `sha256sums` as of sha256sum, `*.manifest` of opkg and of apk).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from application.errors import InvalidError

PROFILES = "profiles.json"
SUMS = "sha256sums"
_TEXT_BYTES_MAX = 64 << 20
_CHUNK_BYTES = 1 << 20
_SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")
# What sysupgrade takes, the best first: a profile has images of one of these kinds,
# and others (factory, kernel, rootfs, sdcard beside sysupgrade) to install it with.
_UPGRADES = (
    frozenset({"sysupgrade"}),
    frozenset({"combined", "combined-efi"}),
    frozenset({"sdcard"}),
)
# An image with a read-only root can be reset, and backed up by what has changed.
_READ_ONLY = frozenset({"", "squashfs"})


class Title(msgspec.Struct, frozen=True):
    """A name of a device, whole or in parts."""

    title: str = ""
    vendor: str = ""
    model: str = ""
    variant: str = ""

    def __str__(self) -> str:
        parts = (self.vendor, self.model, self.variant)
        return self.title or " ".join(filter(None, parts))


class File(msgspec.Struct, frozen=True):
    """One file of a profile."""

    name: str
    type: str
    sha256: str = ""
    filesystem: str = ""


class Profile(msgspec.Struct, frozen=True):
    """One kind of device, as the build knows it."""

    image_prefix: str = ""
    titles: tuple[Title, ...] = ()
    supported_devices: tuple[str, ...] = ()
    device_packages: tuple[str, ...] = ()
    images: tuple[File, ...] = ()

    @property
    def upgrades(self) -> list[File]:
        """Return the images to upgrade with, without those of other file systems."""
        for types in _UPGRADES:
            if found := [file for file in self.images if file.type in types]:
                first = [file for file in found if file.filesystem in _READ_ONLY]
                return first or found
        return []


class _Profiles(msgspec.Struct, frozen=True):
    target: str
    version_number: str
    version_code: str
    profiles: dict[str, Profile]


class Candidate(msgspec.Struct, frozen=True):
    """An image to upgrade with, and the profile that it is of; it may be elsewhere."""

    path: Path
    is_here: bool
    sha256: str
    profile_name: str
    profile: Profile


class Release:
    """A release directory that was read."""

    def __init__(self, directory: Path) -> None:
        """Read it. Raises InvalidError on `directory`."""
        self.directory = directory
        self.sums = _sums(directory)
        self.require_sound(PROFILES)
        try:
            read = msgspec.json.decode(_read(directory / PROFILES), type=_Profiles)
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise _invalid(f"{PROFILES} is not what OpenWrt writes: {error}") from None
        self.target = read.target
        self.version = f"{read.version_number} {read.version_code}".strip()
        self._profiles = read.profiles

    def candidates(self) -> list[Candidate]:
        """Return the images to upgrade with. Raises InvalidError on `directory`."""
        found = []
        for name, profile in self._profiles.items():
            for file in profile.upgrades:
                path = self.directory / _plain(file.name)
                sha256 = self.sums.get(file.name, "")
                found.append(Candidate(path, _is_file(path), sha256, name, profile))
        return found

    def manifest(self) -> Mapping[str, str] | None:
        """Return the packages in every image, each with its version, if it is said.

        A release of several profiles may have manifests of single ones, too: those say
        nothing of the others. Raises InvalidError on `directory`.
        """
        of_one = {f"{each.image_prefix}.manifest" for each in self._profiles.values()}
        found = {path.name for path in self.directory.glob("*.manifest")}
        names = sorted(found - of_one if len(self._profiles) > 1 else found, key=len)
        if not names:
            return None
        self.require_sound(names[0])
        text = _read(self.directory / names[0]).decode(errors="replace")
        return dict(_packages(text))

    def require_sound(self, name: str) -> None:
        """Compare a file with its checksum. Raises InvalidError on `directory`."""
        expected = self.sums.get(name)
        if expected is None:
            raise _invalid(f"{SUMS} does not name {name}: it cannot be trusted.")
        found = _sha256(self.directory / name)
        if found != expected:
            raise _invalid(
                f"{name} is damaged or not the one that was published: expected sha256 "
                f"{expected}, found {found}. Download it again."
            )


def _sums(directory: Path) -> Mapping[str, str]:
    text = _read(directory / SUMS).decode(errors="replace")
    found = map(_SUM.fullmatch, text.splitlines())
    return {match[2]: match[1] for match in found if match}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as error:
        raise _unreadable(path, error) from error


def _plain(name: str) -> str:
    if Path(name).name != name or "\0" in name:
        raise _invalid(f"{PROFILES} names a file outside of the directory: {name}")
    return name


def _packages(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, *rest = line.split()[:3] or [""]
        if name:
            yield name, rest[-1] if rest else ""


def _sha256(path: Path) -> str:
    hashed = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                hashed.update(chunk)
    except OSError as error:
        raise _unreadable(path, error) from error
    return hashed.hexdigest()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_TEXT_BYTES_MAX)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InvalidError:
    return _invalid(
        f"{path.name} cannot be read ({error.strerror}): a release directory has "
        f"{PROFILES} and {SUMS} beside its images."
    )


def _invalid(sentence: str) -> InvalidError:
    return InvalidError.of("directory", sentence)
