"""Where hashes are kept: tiles of 256, as C2SP tlog-tiles names and cuts them.

A tile of level 0 holds hashes of leaves; one of level n holds roots of full tiles of
level n - 1. The last tile of a level may be partial; what is in it stays when it grows,
so a narrower one is its beginning.
"""

import re

import msgspec

HEIGHT = 8
WIDTH = 1 << HEIGHT
LEVEL_MAX = 63

# Long enough for any number that a database can hold.
_NUMBER = re.compile(r"(?:x\d{3}/){0,5}\d{3}", re.ASCII)
_THREE_DIGITS = 1000


class Place(msgspec.Struct, frozen=True):
    """Which tile is meant, and how wide it is asked for: 256 for a full one."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path below the prefix of a log."""
        number, parts = self.number, [f"{self.number % _THREE_DIGITS:03d}"]
        while number := number // _THREE_DIGITS:
            parts.append(f"x{number % _THREE_DIGITS:03d}")
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{'/'.join(reversed(parts))}{partial}"


def place_of(level: str, rest: str) -> Place | None:
    """Read a path: what follows `tile/` up to the slash, and what follows that.

    None where it is not the one path of a tile.
    """
    number, is_partial, width = rest.partition(".p/")
    well = _NUMBER.fullmatch(number) and _is_decimal(level)
    if not well or (is_partial and not _is_decimal(width)):
        return None
    index = int(number.replace("/", "").replace("x", ""))
    place = Place(int(level), index, int(width) if is_partial else WIDTH)
    is_one = 0 < place.width < WIDTH if is_partial else True
    # One tile has one path: no further zeros in front.
    is_one = is_one and place.path == f"tile/{level}/{rest}"
    return place if is_one and place.level <= LEVEL_MAX else None


def width_at(size: int, level: int, number: int) -> int:
    """Return how wide a tile is in a tree of a size; 0 where there is none."""
    hashes = size >> (HEIGHT * level)
    return max(0, min(WIDTH, hashes - number * WIDTH))


def _is_decimal(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len(str(WIDTH))
