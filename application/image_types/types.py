"""The image types that are known by name: those built in, and those of the site."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from application.settings import SettingsError


class ImageTypesError(SettingsError):
    """The site's file of image types cannot be used; the message says why."""


class ImageType(msgspec.Struct, frozen=True, kw_only=True):
    """A type: `models` are names of an inventory, `boards` what routers say."""

    name: str
    label: str
    models: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()


class _Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    target: str
    ending: str
    profiles: dict[str, str | tuple[str, ...]]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    group: tuple[_Group, ...] = ()
    type: tuple[ImageType, ...] = ()


class ImageTypes(Mapping[str, ImageType]):
    """All known types by name; a later one of the same name replaces the earlier."""

    def __init__(self, *texts: str) -> None:
        """Read tables in TOML. Raises ImageTypesError."""
        self._types = {each.name: each for text in texts for each in _read(text)}

    def __getitem__(self, name: str) -> ImageType:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def of_file(self, file_name: str) -> ImageType | None:
        """Return the longest known type that a file's name ends with, after a `-`."""
        rest = file_name
        while rest:
            rest = rest.partition("-")[2]
            if rest in self._types:
                return self._types[rest]
        return None


def image_types(site_file: str = "") -> ImageTypes:
    """Return the types of this software and those of a site's file, if it has one.

    Raises ImageTypesError.
    """
    if not site_file:
        return _known("", 0)
    path = Path(site_file).expanduser()
    try:
        return _known(str(path), path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"cannot read the image types in {path}: {error}"
        raise ImageTypesError(msg) from error


@cache
def _known(site_file: str, _changed_at: int) -> ImageTypes:
    builtin = files("application.image_types").joinpath("builtin.toml").read_text()
    texts = [builtin, Path(site_file).read_text()] if site_file else [builtin]
    return ImageTypes(*texts)


def _read(text: str) -> Iterator[ImageType]:
    try:
        table = msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        msg = f"the table of image types cannot be read: {error}"
        raise ImageTypesError(msg) from error
    for group in table.group:
        for profile, names in group.profiles.items():
            yield _of_profile(group, profile, names)
    yield from table.type


def _of_profile(group: _Group, profile: str, names: str | tuple[str, ...]) -> ImageType:
    models = (names,) if isinstance(names, str) else names
    return ImageType(
        name=f"{group.target}-{profile}-{group.ending}",
        label=models[0] if models else profile,
        models=models,
        # as OpenWrt's build makes the one from the other
        boards=(profile.replace("_", ",", 1),),
    )
