"""The options of an upgrade and the flags that they become.

Facts: `sysupgrade` of OpenWrt 18.06 to 25.12. Options must stand before the file and
cannot be bundled; 18.06 does not know -u, -o and -k.
"""

from collections.abc import Mapping

import msgspec

from domain.errors import InvalidError, RefusedError
from domain.release import Release

FIELD = "upgrade_options"
# -o after -c: the last of the two that sysupgrade reads decides what is saved
_LETTERS = ("c", "o", "n", "u", "p", "k", "F")
_TEXT_LENGTH_MAX = 1000


class OptionsRefusedError(RefusedError):
    """The router's release has no such option; the message names both."""


class UpgradeOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person asked of sysupgrade; None is "not said".

    c  keep changed files of /etc (default: yes, unless `n`)
    o  keep changed files of the whole overlay
    n  do not keep the configuration
    u  leave files equal to those of the ROM out of the backup
    p  do not restore the partition table
    k  add the list of installed packages to the backup
    F  force although the image check fails
    """

    c: bool | None = None
    o: bool | None = None
    n: bool | None = None
    u: bool | None = None
    p: bool | None = None
    k: bool | None = None
    F: bool | None = None

    @classmethod
    def parse(cls, given: object) -> "UpgradeOptions":
        """Read what somebody sent: a mapping, JSON text of one, or nothing.

        Raises InvalidError on `upgrade_options`, with a sentence for each thing wrong.
        """
        mapping = _mapping_of(given)
        complaints = _complaints(mapping)
        if complaints:
            raise InvalidError({FIELD: complaints})
        options = msgspec.convert(dict(mapping), cls)
        conflicts = options.conflicts()
        if conflicts:
            raise InvalidError({FIELD: conflicts})
        return options

    def conflicts(self) -> list[str]:
        sentences = {
            "o": "n (do not keep the configuration) and o (keep the overlay) "
            "contradict each other: choose one.",
            "c": "n (do not keep the configuration) and c (keep changed files of /etc) "
            "contradict each other: choose one.",
        }
        return [sentences[key] for key in "oc" if self.n and getattr(self, key)]

    @property
    def keeps_configuration(self) -> bool:
        return not self.n

    @property
    def needs_confirmation(self) -> tuple[str, ...]:
        """Why a person must confirm these options: a sentence for each reason."""
        reasons = (
            (
                self.n,
                "n erases the configuration: address, passwords, keys",
            ),
            (self.F, "F flashes the image even if the router's own test refuses it"),
        )
        return tuple(reason for asked, reason in reasons if asked)

    def flags(self, release: Release) -> tuple[str, ...]:
        """Return the flags for the sysupgrade of this release, in a fixed order.

        Raises OptionsRefusedError where this release does not know one of them.
        """
        letters = [letter for letter in _LETTERS if self._wants(letter)]
        unknown = [f"-{x}" for x in letters if not release.knows_option(x)]
        if unknown:
            raise OptionsRefusedError(
                f"sysupgrade of OpenWrt {release} does not know {' '.join(unknown)} "
                "(19.07 and later do): start again without "
                f"{' '.join(flag[1:] for flag in unknown)}."
            )
        return tuple(f"-{letter}" for letter in letters)

    def as_mapping(self) -> dict[str, bool]:
        """Return the options that were said, as `parse` takes them."""
        said = {letter: getattr(self, letter) for letter in _LETTERS}
        return {letter: value for letter, value in said.items() if value is not None}

    def _wants(self, letter: str) -> bool:
        if letter == "c" and self.c is None:
            return not self.n
        return getattr(self, letter) is True


def _mapping_of(given: object) -> Mapping[object, object]:
    if isinstance(given, str | bytes) and given.strip():
        given = _decoded(given)
    elif given in (None, "", b""):
        return {}
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidError.of(FIELD, "The options must be an object of true and false.")
    return given


def _decoded(text: str | bytes) -> object:
    try:
        if len(text) <= _TEXT_LENGTH_MAX:
            return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    raise InvalidError.of(FIELD, "The text is not a JSON object of true and false.")


def _complaints(mapping: Mapping[object, object]) -> list[str]:
    known = ", ".join(_LETTERS)
    complaints = [
        f"There is an unknown option; known are {known}."
        for _ in [key for key in mapping if key not in _LETTERS][:1]
    ]
    return complaints + [
        f"Option {letter} must be true or false."
        for letter in _LETTERS
        if letter in mapping and not isinstance(mapping[letter], bool | None)
    ]
