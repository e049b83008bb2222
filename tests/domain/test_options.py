from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidError
from domain.options import OptionsRefusedError, UpgradeOptions
from domain.release import Release

NEW = Release.parse("23.05.5")
VALUES = st.sampled_from([True, False, None])
CHOICES = st.dictionaries(st.sampled_from(list("conupkF")), VALUES)


def refusal(given_options: object) -> list[str]:
    with pytest.raises(InvalidError) as refused:
        UpgradeOptions.parse(given_options)
    assert list(refused.value.fields) == ["upgrade_options"]
    sentences: list[str] = refused.value.fields["upgrade_options"]
    return sentences


@pytest.mark.parametrize("nothing", [None, {}, "", b"", "null", "{}", {"c": None}])
def test_without_options_changed_files_of_etc_are_kept(nothing: object) -> None:
    options = UpgradeOptions.parse(nothing)
    assert options == UpgradeOptions()
    assert options.flags(NEW) == ("-c",)
    assert options.keeps_configuration


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ({"c": False}, ()),
        ({"c": True}, ("-c",)),
        ({"n": True}, ("-n",)),
        ({"n": True, "c": False}, ("-n",)),
        ({"n": False}, ("-c",)),
        ({"o": True}, ("-c", "-o")),
        ({"u": True, "p": True, "k": True}, ("-c", "-u", "-p", "-k")),
        ({"F": True, "c": False, "p": False}, ("-F",)),
        ('{"n": true, "F": true}', ("-n", "-F")),
    ],
)
def test_options_become_flags(options: object, flags: tuple[str, ...]) -> None:
    assert UpgradeOptions.parse(options).flags(NEW) == flags


def test_the_overlay_flag_stands_last_of_the_two_because_the_last_decides() -> None:
    flags = UpgradeOptions.parse({"o": True, "c": True}).flags(NEW)
    assert flags.index("-c") < flags.index("-o")


def test_contradictions_are_refused_all_at_once() -> None:
    assert len(refusal({"n": True, "o": True})) == 1
    assert len(refusal({"n": True, "c": True})) == 1
    assert len(refusal({"n": True, "c": True, "o": True})) == 2


@pytest.mark.parametrize(
    "nonsense",
    [
        {"x": True},
        {"C": True},
        {"c": 1},
        {"c": "true"},
        {1: True},
        {"n": []},
        [],
        True,
        1,
        "n",
        "[]",
        "not json",
        b"\xff",
        '"' + "n" * 2000 + '"',
        "[" * 999,
        object(),
    ],
)
def test_nonsense_is_refused_with_a_sentence(nonsense: object) -> None:
    assert all(sentence.endswith(".") for sentence in refusal(nonsense))


def test_every_wrong_key_is_told_and_none_is_echoed() -> None:
    sentences = refusal({"<script>": True, "c": 1, "n": "yes"})
    assert len(sentences) == 3
    assert not any("script" in sentence for sentence in sentences)


def test_18_06_is_not_given_options_that_it_does_not_know() -> None:
    old = Release.parse("18.06.9", "r8077-7cbbab7246")
    with pytest.raises(OptionsRefusedError, match=r"18\.06\.9 .* -o -u -k"):
        UpgradeOptions.parse({"u": True, "o": True, "k": True}).flags(old)
    assert UpgradeOptions.parse({"p": True, "F": True}).flags(old) == ("-c", "-p", "-F")


@pytest.mark.parametrize("version", ["19.07.10", "21.02.7", "24.10.0", "SNAPSHOT", ""])
def test_later_and_unknown_releases_are_given_every_option(version: str) -> None:
    options = UpgradeOptions.parse({"u": True, "k": True})
    assert options.flags(Release.parse(version)) == ("-c", "-u", "-k")


def test_erasing_and_forcing_need_a_person_to_confirm() -> None:
    assert UpgradeOptions().needs_confirmation == ()
    assert len(UpgradeOptions(n=True).needs_confirmation) == 1
    assert len(UpgradeOptions(n=True, F=True).needs_confirmation) == 2


@given(CHOICES)
def test_options_that_are_taken_never_contradict_each_other(
    choices: dict[str, bool | None],
) -> None:
    try:
        options = UpgradeOptions.parse(choices)
    except InvalidError:
        assert choices.get("n")
        assert choices.get("c") or choices.get("o")
        return
    flags = options.flags(NEW)
    assert not {"-n", "-c"} <= set(flags)
    assert not {"-n", "-o"} <= set(flags)
    said = {f"-{letter}" for letter, value in choices.items() if value}
    assert said | {"-c"} == set(flags) | {"-c"}
    assert ("-c" in flags) == (choices.get("c") is not False and not choices.get("n"))


@given(CHOICES.filter(lambda choices: not choices.get("n")))
def test_options_come_back_from_their_mapping_and_from_the_log(
    choices: dict[str, bool | None],
) -> None:
    options = UpgradeOptions.parse(choices)
    assert UpgradeOptions.parse(options.as_mapping()) == options
    stored = msgspec.json.encode(options)
    assert msgspec.json.decode(stored, type=UpgradeOptions) == options


@given(st.recursive(st.none() | st.booleans() | st.text() | st.integers(), st.lists))
def test_whatever_is_sent_is_taken_or_refused(sent: object) -> None:
    for options in (sent, {"c": sent}, {str(sent): True}):
        with suppress(InvalidError):
            assert UpgradeOptions.parse(options).flags(NEW) is not None
