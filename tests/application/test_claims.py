from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from application.commands.claims import Claims, Key, TakenError
from application.flashlog import Flashlog
from domain.reservation import Reservation
from tests.application.houses import opened
from tests.domain import examples

OWNER, OTHER = examples.DEVICE_ID, examples.IMAGE_ID
SAID = "Somebody has it."


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path) as flashlog:
        yield flashlog


def give(flashlog: Flashlog, key: Key, owner_id: UUID) -> None:
    claims = Claims(flashlog)
    assert claims.take(key, owner_id)
    flashlog.log.append(*claims.granted())


def owner(flashlog: Flashlog, key: Key) -> UUID | None:
    return Claims(flashlog).owner(key)


def test_a_key_keeps_the_id_that_it_has_in_the_log() -> None:
    assert Key("a", "Roof").id == Reservation.id_of("a", "roof")
    assert Key("a", "Roof", exact=True).id == Reservation.exact_id_of("a", "Roof")


def test_a_key_that_is_granted_is_its_owners(flashlog: Flashlog) -> None:
    give(flashlog, Key("a", "roof"), OWNER)

    assert owner(flashlog, Key("a", "ROOF")) == OWNER
    assert owner(flashlog, Key("b", "roof")) is None
    assert not Claims(flashlog).take(Key("a", "roof"), OTHER)


def test_every_field_is_named_whose_key_is_taken(flashlog: Flashlog) -> None:
    give(flashlog, Key("a", "roof"), OTHER)
    give(flashlog, Key("b", "barn"), OTHER)
    claims = Claims(flashlog)

    claims.claim("name", Key("a", "roof"), OWNER, taken=SAID)
    claims.claim("mac", Key("b", "barn"), OWNER, taken=SAID)
    claims.claim("key", Key("c", "free"), OWNER, taken=SAID)

    with pytest.raises(TakenError) as refusal:
        claims.granted()
    assert refusal.value.fields == {"name": [SAID], "mac": [SAID]}


def test_a_key_that_is_moved_is_free_again(flashlog: Flashlog) -> None:
    give(flashlog, Key("a", "roof"), OWNER)
    claims = Claims(flashlog)

    claims.move("name", Key("a", "roof"), Key("a", "barn"), OWNER, taken=SAID)
    flashlog.log.append(*claims.granted())

    assert owner(flashlog, Key("a", "roof")) is None
    assert owner(flashlog, Key("a", "barn")) == OWNER


def test_a_key_that_is_moved_to_itself_is_kept(flashlog: Flashlog) -> None:
    give(flashlog, Key("a", "roof"), OWNER)
    claims = Claims(flashlog)

    claims.move("name", Key("a", "roof"), Key("a", "Roof "), OWNER, taken=SAID)

    (reservation,) = claims.granted()
    assert reservation.collect_events() == []


def test_a_key_is_given_up_for_none(flashlog: Flashlog) -> None:
    give(flashlog, Key("a", "roof"), OWNER)
    claims = Claims(flashlog)

    claims.move("name", Key("a", "roof"), None, OWNER, taken=SAID)
    flashlog.log.append(*claims.granted())

    assert owner(flashlog, Key("a", "roof")) is None


def test_nobody_gives_up_the_key_of_another(flashlog: Flashlog) -> None:
    give(flashlog, Key("a", "roof"), OTHER)
    claims = Claims(flashlog)

    claims.release(Key("a", "roof"), OWNER)

    assert claims.owner(Key("a", "roof")) == OTHER


def test_an_id_that_something_has_is_taken(flashlog: Flashlog) -> None:
    key = Key("a", "roof")
    give(flashlog, key, OWNER)
    claims = Claims(flashlog)

    claims.check_id(key.id)

    assert claims.wrong == {"id": ["Something has this id already."]}
