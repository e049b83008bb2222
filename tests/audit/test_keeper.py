"""The tree follows the log, from wherever it was left."""

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from application.adapters.audit_store import AuditStore
from application.adapters.log.rows import StoredRows
from application.adapters.sqlite.connections import Connections
from application.audit.tiling import ChangedLogError
from domain.transparency.checkpoint import Checkpoint, checkpoint_of
from domain.transparency.leaf import leaf_hash_of
from domain.transparency.note import Note
from tests.audit.given import House
from tests.domain.transparency import naive


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def signed(house: House) -> list[Checkpoint]:
    store = AuditStore(Connections(house.store))
    kept = list(store.checkpoints())
    store.close()
    key = house.key.verifier
    return [checkpoint_of(Note.read(each.note), key) for each in kept]


def leaves(house: House) -> list[bytes]:
    rows = StoredRows(Connections(house.log))
    found = [leaf_hash_of(row) for row in rows.all(until=rows.end())]
    rows.close()
    return found


def test_an_empty_log_is_not_signed(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.tamper("DELETE FROM event")
    assert house.sign() == 0
    assert signed(house) == []


def test_checkpoints_are_as_far_apart_as_was_said(house: House) -> None:
    house.append(33)
    assert house.sign() == 34
    assert [each.size for each in signed(house)] == [10, 20, 30, 34]
    for each in signed(house):
        assert each.root == naive.root_of(leaves(house)[: each.size])


def test_nothing_is_signed_twice(house: House) -> None:
    house.sign()
    house.sign()
    assert [each.size for each in signed(house)] == [1]


def test_whoever_starts_again_goes_on(house: House) -> None:
    house.events_max = 300
    for count in (254, 1, 1, 255, 300, 7):
        house.append(count)
        house.sign()
        newest = signed(house)[-1]
        assert newest.size == len(leaves(house))
        assert newest.root == naive.root_of(leaves(house))


def test_tiles_hold_the_hashes_of_the_tree(house: House) -> None:
    house.append(600)
    house.sign()
    kept = naive.Kept(leaves(house)).tiles
    assert house.rows() == [(*place, kept[place]) for place in sorted(kept)]


def test_lost_tiles_are_made_again_from_the_log(house: House) -> None:
    house.append(600)
    house.sign()
    before = house.rows()
    house.tamper_with_tree("DELETE FROM tile")
    house.append(5)
    assert house.sign() == 606
    assert signed(house)[-1].root == naive.root_of(leaves(house))
    assert [each[:2] for each in house.rows()] == [each[:2] for each in before]


def test_damaged_tiles_are_made_again_from_the_log(house: House) -> None:
    house.append(20)
    house.sign()
    before = house.rows()
    house.tamper_with_tree("UPDATE tile SET hashes = zeroblob(21 * 32)")
    house.sign()
    assert house.rows() == before


def test_a_tree_is_not_made_again_from_a_changed_log(house: House) -> None:
    house.append(600)
    house.sign()
    house.tamper("UPDATE event SET topic = 'Device:Removed' WHERE position = 300")
    house.tamper_with_tree("DELETE FROM tile")
    with pytest.raises(ChangedLogError, match="checkpoint of 300 events"):
        house.sign()
    assert house.rows() == []


def test_what_is_kept_of_a_changed_log_stays_as_evidence(house: House) -> None:
    house.append(600)
    house.sign()
    house.tamper("UPDATE event SET topic = 'Device:Removed' WHERE position = 300")
    house.tamper_with_tree("UPDATE tile SET hashes = zeroblob(96) WHERE level = 1")
    before = house.rows()
    with pytest.raises(ChangedLogError, match="checkpoint of 300 events"):
        house.sign()
    assert house.rows() == before


def test_a_shorter_log_is_not_signed(house: House) -> None:
    house.append(20)
    house.sign()
    house.tamper("DELETE FROM event WHERE position > 15")
    with pytest.raises(ChangedLogError, match="ends at 15, but 21"):
        house.sign()


def test_a_log_with_a_hole_is_not_signed(house: House) -> None:
    house.append(20)
    house.tamper("DELETE FROM event WHERE position = 15")
    with pytest.raises(ChangedLogError, match="no event at position 15"):
        house.sign()
    assert [each.size for each in signed(house)] == [10]


def test_a_row_that_nobody_wrote_is_not_signed(house: House) -> None:
    house.append(20)
    house.tamper("UPDATE event SET originator_id = x'00' WHERE position = 15")
    with pytest.raises(ChangedLogError, match="position 15 is none"):
        house.sign()


def test_a_changed_event_changes_nothing_that_was_signed(house: House) -> None:
    """The tree keeps what it has seen, so the change stands out against it."""
    house.append(20)
    house.sign()
    root = signed(house)[-1].root
    house.tamper("UPDATE event SET state = x'7b7d' WHERE position = 5")
    house.append(1)
    house.sign()
    tree = naive.root_of(leaves(house))
    assert signed(house)[-1].root != tree
    assert signed(house)[-2].root == root


def test_a_lost_checkpoint_is_signed_again(house: House) -> None:
    house.append(28)
    house.sign()
    house.tamper_with_tree("DELETE FROM checkpoint WHERE size > 10")
    house.append(1)
    house.sign()
    assert [each.size for each in signed(house)] == [10, 20, 30]
    assert signed(house)[-1].root == naive.root_of(leaves(house))


def test_a_kill_between_two_checkpoints_leaves_the_first_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.append(28)
    grow, calls = AuditStore.grow, []

    def dying(self: AuditStore, *arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        grow(self, *arguments)  # type: ignore[arg-type]  # passed on as it is

    monkeypatch.setattr(AuditStore, "grow", dying)
    with pytest.raises(KeyboardInterrupt):
        house.sign()
    monkeypatch.undo()
    assert [each.size for each in signed(house)] == [10]
    house.sign()
    assert signed(house)[-1].root == naive.root_of(leaves(house))


def test_leaves_are_the_stored_bytes(house: House) -> None:
    """What an outsider computes from the table, without a line of Flashlog."""
    with closing(sqlite3.connect(house.log)) as connection:
        row = connection.execute(
            "SELECT position, originator_id, originator_version, topic, state,"
            " recorded_at FROM event"
        ).fetchone()
    position, story, version, topic, state, recorded_at = row
    leaf = b"".join(
        (
            b"\x01",
            position.to_bytes(8),
            story,
            version.to_bytes(8),
            recorded_at.to_bytes(8),
            len(topic).to_bytes(4),
            len(state).to_bytes(4),
            topic.encode(),
            state,
        )
    )
    assert leaves(house) == [sha256(b"\x00" + leaf).digest()]
