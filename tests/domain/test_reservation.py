import pytest

from domain.reservation import KeyTakenError, Reservation
from tests.domain.examples import DEVICE_ID, IMAGE_ID

SCOPE = "organization/1/device/name"


def claimed() -> Reservation:
    reservation = Reservation(Reservation.id_of(SCOPE, "roof-17"))
    reservation.claim(SCOPE, DEVICE_ID)
    return reservation


@pytest.mark.parametrize("key", ["Roof-17", " roof-17 ", "ROOF-17"])
def test_keys_that_people_take_for_the_same_are_the_same(key: str) -> None:
    assert Reservation.id_of(SCOPE, key) == Reservation.id_of(SCOPE, "roof-17")


def test_the_same_key_in_another_scope_is_another_one() -> None:
    assert Reservation.id_of("a", "x") != Reservation.id_of("b", "x")


def test_a_claimed_key_belongs_to_its_owner() -> None:
    assert claimed().owner_id == DEVICE_ID


def test_a_claim_of_its_owner_is_ignored() -> None:
    reservation = claimed()
    reservation.collect_events()

    reservation.claim(SCOPE, DEVICE_ID)

    assert reservation.collect_events() == []


def test_a_claim_of_somebody_else_is_refused() -> None:
    reservation = claimed()

    with pytest.raises(KeyTakenError) as refusal:
        reservation.claim(SCOPE, IMAGE_ID)

    assert str(refusal.value) == "this name is taken"
    assert reservation.owner_id == DEVICE_ID


def test_a_released_key_can_be_claimed_by_somebody_else() -> None:
    reservation = claimed()

    reservation.release(DEVICE_ID)

    assert reservation.owner_id is None
    reservation.claim(SCOPE, IMAGE_ID)
    assert reservation.owner_id == IMAGE_ID


def test_a_release_by_somebody_else_is_ignored() -> None:
    reservation = claimed()

    reservation.release(IMAGE_ID)

    assert reservation.owner_id == DEVICE_ID
