from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidError, RefusedError
from domain.identity import (
    Expected,
    Found,
    IdentityRefusedError,
    Verified,
    judge,
    normalise_mac,
)

DEVICE, AGENT, ENROLLED, OTHER = (UUID(int=number) for number in range(1, 5))
MAC, OTHER_MAC = "00:11:22:aa:bb:cc", "00:11:22:aa:bb:cd"
UUIDS = st.sampled_from([DEVICE, AGENT, ENROLLED, OTHER])
MACS = st.lists(st.sampled_from([MAC, OTHER_MAC]), max_size=2, unique=True).map(tuple)


def refusal(expected: Expected, found: Found, **options: bool) -> IdentityRefusedError:
    with pytest.raises(IdentityRefusedError) as refused:
        judge(expected, found, **options)
    assert refused.value.expected in str(refused.value)
    assert refused.value.found in str(refused.value)
    assert isinstance(refused.value, RefusedError)
    return refused.value


def test_the_agent_shows_the_id_of_the_device() -> None:
    verified = judge(Expected(device_id=DEVICE), Found(agent_uuid=str(DEVICE)))
    assert verified == Verified("agent-uuid", str(DEVICE))


def test_the_agent_shows_the_uuid_that_was_noted_for_it() -> None:
    expected = Expected(device_id=DEVICE, agent_uuid=AGENT)
    assert judge(expected, Found(agent_uuid=str(AGENT))).value == str(AGENT)
    assert judge(expected, Found(agent_uuid=str(DEVICE))).value == str(DEVICE)


@pytest.mark.parametrize(
    "shown", [DEVICE.hex, str(DEVICE).upper(), f" {DEVICE}\n", f"{{{DEVICE}}}"]
)
def test_a_uuid_may_be_written_otherwise(shown: str) -> None:
    verified = judge(Expected(device_id=DEVICE), Found(agent_uuid=shown))
    assert verified.value == str(DEVICE)


@pytest.mark.parametrize("shown", [str(OTHER), "not a uuid", "\x1b[2J", "x" * 900])
def test_an_agent_with_another_uuid_is_another_router(shown: str) -> None:
    expected = Expected(device_id=DEVICE, macs=(MAC,), enrolled_uuid=ENROLLED)
    found = Found(agent_uuid=shown, macs=(MAC,), enrolled_uuid=str(ENROLLED))
    refused = refusal(expected, found)
    assert refused.expected == str(DEVICE)
    assert len(refused.found) <= 60
    assert refused.found.isprintable()


@pytest.mark.parametrize("shown", [None, ""])
def test_an_expected_agent_that_is_not_there_is_refused(shown: str | None) -> None:
    expected = Expected(device_id=DEVICE, agent_uuid=AGENT, macs=(MAC,))
    refused = refusal(expected, Found(agent_uuid=shown, macs=(MAC,)))
    assert (refused.expected, refused.found) == (str(AGENT), "none")


def test_an_enrolled_router_shows_its_enrolled_uuid() -> None:
    expected = Expected(device_id=DEVICE, enrolled_uuid=ENROLLED)
    verified = judge(expected, Found(enrolled_uuid=str(ENROLLED)))
    assert verified == Verified("enrolled-uuid", str(ENROLLED))


def test_an_enrolled_router_must_show_it_even_if_its_mac_is_right() -> None:
    expected = Expected(device_id=DEVICE, enrolled_uuid=ENROLLED, macs=(MAC,))
    assert refusal(expected, Found(macs=(MAC,))).found == "none"
    other = Found(enrolled_uuid=str(OTHER), macs=(MAC,))
    assert refusal(expected, other).found == str(OTHER)


def test_without_any_uuid_one_mac_of_the_device_is_enough() -> None:
    expected = Expected(device_id=DEVICE, macs=(OTHER_MAC, MAC))
    assert judge(expected, Found(macs=("02:00:00:00:00:01", MAC))) == Verified(
        "mac", MAC
    )


def test_a_mac_may_be_written_otherwise() -> None:
    expected = Expected(device_id=DEVICE, macs=("00-11-22-AA-BB-CC",))
    assert judge(expected, Found(macs=("00:11:22:AA:bb:CC",))).value == MAC


def test_a_router_without_a_mac_of_the_device_is_another() -> None:
    refused = refusal(Expected(device_id=DEVICE, macs=(MAC,)), Found(macs=(OTHER_MAC,)))
    assert (refused.expected, refused.found) == (MAC, OTHER_MAC)


@pytest.mark.parametrize(
    "mac", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "nonsense"]
)
def test_an_address_that_no_router_owns_proves_nothing(mac: str) -> None:
    refused = refusal(Expected(device_id=DEVICE, macs=(mac,)), Found(macs=(mac,)))
    assert "enroll" in str(refused)


def test_after_a_flash_without_configuration_only_macs_count() -> None:
    expected = Expected(device_id=DEVICE, agent_uuid=AGENT, macs=(MAC,))
    found = Found(agent_uuid=str(OTHER), macs=(MAC,))
    assert judge(expected, found, configuration_kept=False).by == "mac"
    refusal(expected, Found(agent_uuid=str(AGENT)), configuration_kept=False)


@pytest.mark.parametrize(
    "text",
    [
        "00:11:22:aa:bb:cc",
        "00-11-22-AA-BB-CC",
        "0011.22aa.bbcc",
        "001122AABBCC",
        " 00:11:22:Aa:bB:cc\n",
    ],
)
def test_a_mac_has_one_spelling(text: str) -> None:
    assert normalise_mac(text) == MAC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gg" * 6,
        "00 11 22 aa bb cc",
        "00:11-22:aa:bb:cc",
        "00:11:22:aa:bb",
        "00:11:22:aa:bb:c",
        "00:11:22:aa:bb:cc:dd",
        "\N{ARABIC-INDIC DIGIT ZERO}0:11:22:aa:bb:cc",
    ],
)
def test_what_is_no_mac_is_refused(text: str) -> None:
    with pytest.raises(InvalidError) as refused:
        normalise_mac(text)
    assert list(refused.value.fields) == ["mac_address"]


@given(
    expected=st.builds(
        Expected,
        device_id=st.just(DEVICE),
        agent_uuid=st.none() | UUIDS,
        enrolled_uuid=st.none() | UUIDS,
        macs=MACS,
    ),
    found=st.builds(
        Found,
        agent_uuid=st.none() | UUIDS.map(str),
        enrolled_uuid=st.none() | UUIDS.map(str),
        macs=MACS,
    ),
    kept=st.booleans(),
)
def test_a_router_is_verified_exactly_when_the_strongest_proof_holds(
    expected: Expected, found: Found, *, kept: bool
) -> None:
    if kept and (found.agent_uuid or expected.agent_uuid):
        holds = found.agent_uuid in {str(DEVICE), str(expected.agent_uuid or DEVICE)}
    elif kept and expected.enrolled_uuid:
        holds = found.enrolled_uuid == str(expected.enrolled_uuid)
    else:
        holds = bool(set(expected.macs) & set(found.macs))
    try:
        judge(expected, found, configuration_kept=kept)
    except IdentityRefusedError:
        assert not holds
    else:
        assert holds


@given(st.text(max_size=50), st.lists(st.text(max_size=20), max_size=3).map(tuple))
def test_whatever_a_router_says_it_is_verified_or_refused(
    uuid: str, macs: tuple[str, ...]
) -> None:
    expected = Expected(device_id=uuid4(), enrolled_uuid=uuid4(), macs=(MAC,))
    refusal(expected, Found(agent_uuid=uuid, enrolled_uuid=uuid, macs=macs))
