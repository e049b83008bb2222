import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.release import Order, Release, compare, is_downgrade

IN_ORDER = [
    Release.parse(version, revision)
    for version, revision in [
        ("15.05.1", "r48532"),
        ("17.01.7", "r4030-6028f00df0"),
        ("18.06.9", "r8077-7cbbab7246"),
        ("19.07.0-rc1", "r10649-1c9b6c2ac0"),
        ("19.07.0-rc2", "r10775-db88863ff3"),
        ("19.07.0", "r10860-a3ffeb413b"),
        ("19.07.10", "r11427-9ce6aa9d8d"),
        ("21.02.7", "r16847-f8282da11e"),
        ("22.03.0", "r19685-512e76967f"),
        ("22.03.7", "r20341-591b7e93d3"),
        ("23.05.4", "r24012-d8dd03c46f"),
        ("23.05.5", "r24106-10cc5fcd00"),
        ("23.05-SNAPSHOT", "r24110-0123456789"),
        ("23.05-SNAPSHOT", "r24120-abcdef0123"),
        ("24.10-rc1", ""),
        ("24.10.0", "r28427-6df0e3d02a"),
        ("25.12.0", "r32000-aaaaaaaaaa"),
        ("SNAPSHOT", "r28000-bbbbbbbbbb"),
        ("SNAPSHOT", "r28001-cccccccccc"),
    ]
]
VERSIONS = st.sampled_from(IN_ORDER) | st.builds(
    Release.parse, st.text(max_size=12), st.text(max_size=12)
)


@pytest.mark.parametrize("place", range(len(IN_ORDER)))
def test_releases_are_put_in_their_order(place: int) -> None:
    here = IN_ORDER[place]
    assert compare(here, here) is Order.SAME
    for older in IN_ORDER[:place]:
        assert compare(older, here) is Order.NEWER
        assert compare(here, older) is Order.OLDER
        assert is_downgrade(here, older)
        assert not is_downgrade(older, here)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("23.05.4", "r24012-d8dd03c46f"), ("23.05.4", "r24012-0000000000")),
        (("23.05.4", ""), ("23.05.4", "r24012-0000000000")),
        (("city-wifi", ""), ("23.05.4", "")),
        (("23.05.4", ""), ("city-wifi", "")),
        (("23.05.4", ""), ("", "")),
    ],
)
def test_what_cannot_be_told_is_confirmed_like_a_downgrade(
    old: tuple[str, str], new: tuple[str, str]
) -> None:
    assert compare(Release.parse(*old), Release.parse(*new)) is Order.UNKNOWN
    assert is_downgrade(Release.parse(*old), Release.parse(*new))


def test_nothing_is_confirmed_where_the_running_release_is_not_known() -> None:
    assert not is_downgrade(Release.parse(""), Release.parse("23.05.5"))


def test_a_self_built_image_of_the_same_name_is_no_downgrade() -> None:
    mine = Release.parse("city-wifi 4", "r0-abc")
    assert not is_downgrade(mine, Release.parse("city-wifi 4", "r0-abc"))


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("15.05.1", True),
        ("18.06.9", True),
        ("19.07.10", True),
        ("21.02.0-rc1", False),
        ("21.02.0", False),
        ("25.12.0", False),
        ("SNAPSHOT", False),
        ("city-wifi", False),
        ("", False),
    ],
)
def test_only_releases_before_21_02_offer_nothing_but_sha1(
    version: str, *, expected: bool
) -> None:
    assert Release.parse(version).offers_only_sha1 is expected


def test_a_release_is_read_in_its_parts() -> None:
    release = Release.parse(" 24.10.0-rc3\n", "r28195+5-5ac1f63a8d\n")
    assert release.numbers == (24, 10, 0)
    assert release.candidate == 3
    assert release.commits == 28195
    assert str(release) == "24.10.0-rc3 r28195+5-5ac1f63a8d"


@given(VERSIONS, VERSIONS)
def test_turning_a_comparison_round_turns_its_answer_round(
    one: Release, other: Release
) -> None:
    opposite = {Order.NEWER: Order.OLDER, Order.OLDER: Order.NEWER}
    forth, back = compare(one, other), compare(other, one)
    assert back is opposite.get(forth, forth)


@given(VERSIONS, VERSIONS)
def test_an_upgrade_and_its_way_back_are_never_both_unconfirmed(
    one: Release, other: Release
) -> None:
    if one.version and other.version and compare(one, other) is not Order.SAME:
        assert is_downgrade(one, other) or is_downgrade(other, one)
