import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.transparency.tiles import Place, place_of, width_at
from tests.domain.transparency import naive


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (Place(0, 0), "tile/0/000"),
        (Place(0, 1_234_067), "tile/0/x001/x234/067"),
        (Place(0, 273, 112), "tile/0/273.p/112"),
        (Place(2, 1000, 1), "tile/2/x001/000.p/1"),
        (Place(63, 999), "tile/63/999"),
    ],
)
def test_a_tile_has_one_path(place: Place, path: str) -> None:
    assert place.path == path
    level, _, rest = path.removeprefix("tile/").partition("/")
    assert place_of(level, rest) == place


@given(st.integers(0, 63), st.integers(0, 10**18 - 1), st.integers(1, 256))
def test_what_is_written_is_read(level: int, number: int, width: int) -> None:
    place = Place(level, number, width)
    rest = place.path.partition("/")[2].partition("/")[2]
    assert place_of(str(level), rest) == place


@pytest.mark.parametrize(
    ("level", "rest"),
    [
        ("0", "0"),
        ("0", "0000"),
        ("0", "x000/000"),
        ("0", "001/000"),
        ("0", "x001/x234"),
        ("0", "000.p/0"),
        ("0", "000.p/256"),
        ("0", "000.p/01"),
        ("0", "000.p/"),
        ("0", "000.p/-1"),
        ("0", "000/1"),
        ("0", "\u0660\u0660\u0660"),
        ("0", "x999/" * 6 + "999"),
        ("0", ""),
        ("00", "000"),
        ("64", "000"),
        ("-1", "000"),
        ("entries", "000"),
    ],
)
def test_nothing_else_is_a_path(level: str, rest: str) -> None:
    assert place_of(level, rest) is None


def test_tiles_are_as_wide_as_the_specification_says() -> None:
    """Its own example: a tree of size 70,000."""
    size = 70_000
    assert [width_at(size, 0, n) for n in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [width_at(size, 1, n) for n in (0, 1, 2)] == [256, 17, 0]
    assert [width_at(size, 2, n) for n in (0, 1)] == [1, 0]
    assert [width_at(256, level, 0) for level in (0, 1, 2)] == [256, 1, 0]


def test_a_growing_tree_fills_tiles_of_these_widths() -> None:
    for size in (1, 255, 256, 257, 700):
        tiles = naive.Kept(naive.some_leaves(size)).tiles
        widths = {place: len(hashes) // 32 for place, hashes in tiles.items()}
        assert widths == {place: width_at(size, *place) for place in tiles}
