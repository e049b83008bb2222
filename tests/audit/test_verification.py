"""Whatever is done to the log afterwards is found, and where."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from application.adapters.audit_store import AuditStore
from application.adapters.log.rows import StoredRows
from application.adapters.sqlite.connections import Connections
from application.audit.claims import keys_in
from application.audit.findings import Kind, Report
from application.audit.verification import verify
from domain.transparency.checkpoint import Checkpoint
from domain.transparency.note import Note, SigningKey, VerifierKey
from tests.audit import tampering
from tests.audit.given import ORIGIN, House

Tamper = Callable[[House], None]
each_kind = pytest.mark.parametrize("tamper", tampering.KINDS)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return tampering.signed_house(tmp_path)


def look(
    house: House,
    held: Sequence[Note] = (),
    keys: Sequence[VerifierKey] | None = None,
) -> Report:
    rows, store = (
        StoredRows(Connections(house.log)),
        AuditStore(Connections(house.store)),
    )
    try:
        keys = keys_in(store) if keys is None else keys
        return verify(rows, store, keys=keys, held=held)
    finally:
        rows.close()
        store.close()


def found(report: Report) -> list[tuple[str, int, int]]:
    return [(each.kind.value, each.first, each.last) for each in report.findings]


def kept(house: House, size: int = tampering.SIZE) -> Note:
    """Return a checkpoint as somebody else keeps it."""
    store = AuditStore(Connections(house.store))
    checkpoint = store.checkpoint(size)
    store.close()
    assert checkpoint is not None
    return Note.read(checkpoint.note)


def test_an_untouched_log_is_as_it_was_signed(house: House) -> None:
    report = look(house, [kept(house), kept(house, 20)])
    assert report.is_good
    assert (report.events, report.signed, report.unsigned) == (46, 46, 0)
    assert (report.checkpoints, report.held) == (5, 2)


def test_newer_events_are_not_covered_yet(house: House) -> None:
    house.append(3)
    report = look(house)
    assert report.is_good
    assert (report.signed, report.unsigned) == (46, 3)


def test_where_nothing_was_signed_nothing_is_proved(tmp_path: Path) -> None:
    report = look(House(tmp_path))
    assert not report.is_good
    assert (report.signed, report.unsigned) == (0, 1)


def test_a_log_of_many_tiles_is_as_it_was_signed(tmp_path: Path) -> None:
    house = House(tmp_path, events_max=1000)
    for count in (254, 1, 700, 2000):
        house.append(count)
        house.sign()
    progress: list[tuple[int, int]] = []
    rows, store = (
        StoredRows(Connections(house.log)),
        AuditStore(Connections(house.store)),
    )
    report = verify(
        *(rows, store),
        keys=[house.key.verifier],
        progress=lambda done, total: progress.append((done, total)),
    )
    assert report.is_good
    assert progress[-1] == (2956, 2956)
    assert progress == sorted(progress)


@each_kind
def test_tampering_is_found_where_it_was_done(house: House, tamper: Tamper) -> None:
    tamper(house)
    report = look(house)
    assert found(report) == tampering.KINDS[tamper]
    assert report.signed == tampering.SIZE


@each_kind
def test_without_the_kept_hashes_the_range_is_found(
    house: House, tamper: Tamper
) -> None:
    """Checkpoints alone say after which one the log was right for the last time."""
    tamper(house)
    house.tamper_with_tree("DELETE FROM tile")
    report = look(house)
    first = tampering.KINDS[tamper][0][1]
    expected = (first // 10 * 10 + 1, min(first // 10 * 10 + 10, 46))
    assert [each for each in found(report) if each[0] != "tiles"] == [
        ("between", *expected)
    ]
    assert report.signed == first // 10 * 10


@each_kind
def test_a_checkpoint_that_was_kept_elsewhere_finds_it_by_itself(
    house: House, tamper: Tamper
) -> None:
    """All that is stored beside the log was taken away with it."""
    held, key = kept(house), house.key.verifier
    tamper(house)
    house.tamper_with_tree("DELETE FROM tile", "DELETE FROM checkpoint")
    report = look(house, [held], [key])
    assert found(report) == [("between", 1, 46)]


@each_kind
def test_tampering_is_found_in_both_of_many_tiles(house: House, tamper: Tamper) -> None:
    house.append(600)
    house.sign()
    tamper(house)
    house.tamper("UPDATE event SET topic = 'x' WHERE position = 400")
    first = tampering.KINDS[tamper][0]
    report = look(house)
    # The tail of the longer log is further away.
    ranges = [(a, b) for _, a, b in found(report)]
    assert any(a <= 400 <= b for a, b in ranges)
    assert ranges[0][0] == first[1]
    assert report.signed == 646


def test_a_fork_is_found_by_who_holds_a_checkpoint_of_it(house: House) -> None:
    held = [kept(house, 20), kept(house, 30), kept(house)]
    tampering.fork(house)
    report = look(house, held)
    assert found(report) == [("forked", 21, 30), ("forked", 21, 46)]
    assert report.held == 1


def test_a_fork_by_who_has_the_key_is_found_by_nobody_else(house: House) -> None:
    """This is why checkpoints are sent to witnesses."""
    tampering.fork(house)
    assert look(house).is_good


def test_an_old_copy_is_found(house: House) -> None:
    held = kept(house)
    tampering.replay_an_old_copy(house)
    assert found(look(house, [held])) == [("forked", 1, 46)]
    assert found(look(house, [kept(house, 20), held])) == [("forked", 21, 46)]


def test_an_old_copy_that_has_not_grown_yet_is_found(house: House) -> None:
    held = kept(house)
    house.append(1)
    house.sign()
    tampering.replay_an_old_copy(house)
    house.tamper("DELETE FROM event WHERE position > 20")
    house.tamper_with_tree("DELETE FROM checkpoint WHERE size > 20")
    report = look(house, [held])
    assert ("between", 21, 46) in found(report)
    assert "the log ends at position 20" in report.findings[-1].text


def test_an_old_log_beside_newer_checkpoints_is_found_without_any_help(
    house: House,
) -> None:
    (house.directory / "old" / "log.sqlite").rename(house.log)
    assert found(look(house)) == [("missing", 21, 46)]


def test_another_key_is_found_by_who_holds_the_first_one(house: House) -> None:
    key = house.key.verifier
    tampering.sign_with_another_key(house)
    report = look(house, keys=[key])
    assert found(report) == [("signature", 1, 46)]
    assert "not signed by flashlog/test with key" in report.findings[0].text
    assert report.signed == 0


def test_another_key_is_found_by_who_holds_a_checkpoint(house: House) -> None:
    held, key = kept(house), house.key.verifier
    tampering.sign_with_another_key(house)
    assert ("signature", 1, 46) in found(look(house, [held]))
    both = look(house, [held], [key, house.key.verifier])
    assert found(both) == [("forked", 1, 46)]


def test_signatures_of_a_stranger_are_found_where_they_begin(house: House) -> None:
    stranger = SigningKey.make(ORIGIN)
    key, house.key = house.key.verifier, stranger
    house.append(24)
    house.sign()
    report = look(house, keys=[key])
    assert found(report) == [("signature", 47, 70)]
    assert report.signed == 46


def test_a_changed_checkpoint_is_found(house: House) -> None:
    house.tamper_with_tree(
        "UPDATE checkpoint SET note = replace(note, char(10) || '30' || char(10),"
        " char(10) || '29' || char(10)) WHERE size = 30"
    )
    assert found(look(house)) == [("signature", 21, 30)]


def test_checkpoints_that_were_swapped_are_found(house: House) -> None:
    house.tamper_with_tree(
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 20)"
        " WHERE size = 30"
    )
    report = look(house)
    assert found(report) == [("signature", 21, 30)]
    assert "kept as another's" in report.findings[0].text


def test_a_note_that_is_none_is_found(house: House) -> None:
    house.tamper_with_tree("UPDATE checkpoint SET note = '', vkey = 'x'")
    report = look(house)
    assert found(report) == [("signature", 1, 46)]


def test_changed_hashes_beside_a_right_log_are_told_as_such(house: House) -> None:
    house.tamper_with_tree("UPDATE tile SET hashes = zeroblob(46 * 32)")
    report = look(house)
    kinds = {kind for kind, _, _ in found(report)}
    assert kinds == {"tiles"}
    assert report.signed == 46


def test_changed_hashes_of_a_higher_level_are_found(house: House) -> None:
    house.append(600)
    house.sign()
    house.tamper_with_tree("UPDATE tile SET hashes = zeroblob(64) WHERE level = 1")
    assert found(look(house)) == [("tiles", 1, 512)]


def test_a_checkpoint_that_was_taken_away_leaves_a_trace(house: House) -> None:
    house.tamper("DELETE FROM event WHERE position > 40")
    house.tamper_with_tree("DELETE FROM checkpoint WHERE size > 40")
    assert found(look(house)) == [("tiles", 41, 41)]


def test_an_event_before_the_first_one_is_found(house: House) -> None:
    house.tamper(
        "INSERT INTO event SELECT -5, originator_id, 99, topic, state, recorded_at"
        " FROM event WHERE position = 1"
    )
    assert found(look(house)) == [("added", -5, -5)]


def test_a_table_of_another_shape_is_found(house: House) -> None:
    """The same text as a text is not the bytes that were stored."""
    house.tamper(
        "ALTER TABLE event RENAME TO real",
        "CREATE TABLE event AS SELECT position, originator_id, originator_version,"
        " topic, CAST(state AS TEXT) AS state, recorded_at FROM real",
        "DROP TABLE real",
        "CREATE UNIQUE INDEX event_story ON event (originator_id, originator_version)",
    )
    assert found(look(house)) == [("changed", 1, 46)]


def test_a_log_that_grows_meanwhile_is_verified_as_far_as_it_was(house: House) -> None:
    rows, store = (
        StoredRows(Connections(house.log)),
        AuditStore(Connections(house.store)),
    )

    def grow(_done: int, _total: int) -> None:
        house.append(5)
        house.sign()

    key = house.key.verifier
    report = verify(rows, store, keys=[key], progress=grow)
    rows.close()
    store.close()
    assert report.is_good
    assert (report.events, report.signed) == (46, 46)


def test_very_many_differences_are_told_shortly(tmp_path: Path) -> None:
    house = House(tmp_path, events_max=2000)
    house.append(1999)
    house.sign()
    house.tamper("UPDATE event SET recorded_at = 0 WHERE position % 2")
    report = look(house)
    assert len(report.findings) == 100
    assert report.findings[-1].last == 1999
    assert {each.kind for each in report.findings} == {Kind.CHANGED}


def test_a_size_that_nobody_signed_costs_no_time(house: House) -> None:
    house.tamper_with_tree("INSERT INTO checkpoint VALUES (1 << 62, '', '')")
    report = look(house)
    assert found(report) == [("signature", 47, 1 << 62)]
    assert report.signed == 46


def test_a_size_beyond_any_log_costs_no_time(house: House) -> None:
    held = Checkpoint(ORIGIN, 10**18, bytes(32)).signed(house.key)
    assert found(look(house, [held])) == [("between", 47, 10**18)]
