"""A whole data directory in the hands of somebody with a plain database client."""

import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from application.adapters.audit_store import AuditStore
from application.adapters.log.rows import StoredRows
from application.adapters.sqlite.connections import Connections
from application.adapters.sqlite.storage import SQLiteStorage
from application.audit.findings import Report
from application.audit.keeper import TreeKeeper
from application.audit.looking import verify_storage
from application.errors import NewerLogError
from application.flashlog import Flashlog
from application.sealing import seal
from domain.operation import events
from domain.recordings import RECORDINGS_ID
from domain.transparency.note import SigningKey
from tests.application.houses import opened
from tests.domain import examples

RECORDED = 8
SIZE = 2 + 8 * RECORDED
CUT = SIZE - SIZE % 10
pytestmark = pytest.mark.sqlite("its files; PostgreSQL: test_moving")
_CHANGED = "UPDATE event SET state = x'7b7d' WHERE position = 7"
Tamper = Callable[[Path], object]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("first") / "data"
    with opened(directory, checkpoint_events_max=10) as flashlog:
        for number in range(RECORDED):
            _record(flashlog, number)
        seal(flashlog)
        flashlog.show(flashlog.log.end())
        assert flashlog.log.end() == SIZE
        newest = flashlog.audit.store.newest()
        assert newest
        (directory.parent / "held").write_text(newest.note)
    return directory


@pytest.fixture
def data(first: Path, tmp_path: Path) -> Path:
    shutil.copytree(first, tmp_path / "data")
    return tmp_path / "data"


def _record(flashlog: Flashlog, number: int) -> None:
    sha256 = flashlog.recordings.put(zlib.compress(b'{"kind":"visit"}%d' % number))
    operation = examples.queued(uuid4())
    operation.begin_visit("runner-1")
    operation.note(examples.connected(), examples.identity_verified())
    operation.note(examples.image_compared(), examples.memory_measured())
    operation.note_recording(events.VisitRecorded(sha256=sha256, commands=1))
    flashlog.log.append(operation)


def look(directory: Path, *held: Path, vkeys: tuple[str, ...] = ()) -> Report:
    return verify_storage(
        SQLiteStorage(directory),
        vkeys=vkeys,
        held=held,
        progress=lambda _done, _total: None,
    )


def found(report: Report) -> list[tuple[str, int, int]]:
    return [(each.kind.value, each.first, each.last) for each in report.findings]


def run(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def run_on_log(directory: Path, *statements: str) -> None:
    """Change the log and leave its triggers as they were."""
    path = directory / "log.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
    drops = [f"DROP TRIGGER {name}" for name, _ in triggers]
    run(path, *drops, *statements, *(sql for _, sql in triggers))


def sign_with(directory: Path, key: SigningKey) -> None:
    rows, store = (
        StoredRows(Connections(directory / "log.sqlite")),
        AuditStore(Connections(directory / "audit.sqlite")),
    )
    TreeKeeper(rows, store, key, events_max=10).catch_up()
    rows.close()
    store.close()


def own_key(directory: Path) -> SigningKey:
    return SigningKey.read((directory / "audit.key").read_text())


def sign_all_again(directory: Path, key: SigningKey | None = None) -> None:
    run(directory / "audit.sqlite", "DELETE FROM tile", "DELETE FROM checkpoint")
    sign_with(directory, key or SigningKey.make(own_key(directory).verifier.name))


def change_and_sign_with_another_key(directory: Path) -> None:
    run_on_log(directory, _CHANGED)
    sign_all_again(directory)


def drop_triggers(directory: Path) -> None:
    run(directory / "log.sqlite", "DROP TRIGGER event_is_final")


def add_a_trigger(directory: Path) -> None:
    run(
        directory / "log.sqlite",
        "CREATE TRIGGER more AFTER INSERT ON event BEGIN SELECT 1; END",
    )


def let_a_view_stand_for_the_table(directory: Path) -> None:
    run(
        directory / "log.sqlite",
        *("DROP INDEX event_story", "DROP TRIGGER event_is_final"),
        *("DROP TRIGGER event_is_kept", "DROP TRIGGER event_is_next"),
        "ALTER TABLE event RENAME TO real",
        "CREATE VIEW event AS SELECT * FROM real",
    )


def hide_from_its_story(directory: Path) -> None:
    """Leave an event out of the index that stories are read by."""
    path = directory / "log.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'event_story'"
        ).fetchone()
        connection.execute("DROP INDEX event_story")
        connection.execute(f"{sql} WHERE position <> 7")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = ? WHERE name = 'event_story'", [sql]
        )


def change_in_a_write_ahead_log(directory: Path) -> None:
    """Leave the database as it was, and a change in the file beside it."""
    path, beside = directory / "log.sqlite", directory / "log.sqlite-wal"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("DROP TRIGGER event_is_final")
        connection.execute(_CHANGED)
        kept = path.read_bytes(), beside.read_bytes()
    path.write_bytes(kept[0])
    beside.write_bytes(kept[1])


def cut_at_a_checkpoint(directory: Path) -> None:
    """Take the tail away, and all that was signed and kept of it."""
    run_on_log(directory, f"DELETE FROM event WHERE position > {CUT}")
    run(
        directory / "audit.sqlite",
        f"DELETE FROM checkpoint WHERE size > {CUT}",
        f"UPDATE tile SET hashes = substr(hashes, 1, {CUT} * 32)",
    )


def cut_with_the_read_models(directory: Path) -> None:
    run(
        directory / "audit.sqlite",
        f"INSERT INTO witness VALUES ('https://witness.example', {SIZE})",
    )
    cut_at_a_checkpoint(directory)
    (directory / "views.sqlite").unlink()


def tear_a_page(directory: Path) -> None:
    """Blank the head of a page that holds rows, as a bad disk does."""
    path = directory / "log.sqlite"
    content = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'event'"
        ).fetchone()
    # The first child of the table's root.
    at = (root - 1) * 4096
    cell = int.from_bytes(content[at + 12 : at + 14])
    child = int.from_bytes(content[at + cell : at + cell + 4])
    content[(child - 1) * 4096 : (child - 1) * 4096 + 8] = bytes(8)
    path.write_bytes(content)


def a_recording(directory: Path) -> Path:
    return min((directory / "recordings").glob("*/*"))


def a_directory_for_a_recording(directory: Path) -> None:
    path = a_recording(directory)
    path.unlink()
    path.mkdir()


def swap_two_recordings(directory: Path) -> None:
    one, two, *_ = (directory / "recordings").glob("*/*")
    kept = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(kept)


KINDS: dict[Tamper, set[str]] = {
    change_and_sign_with_another_key: {"signature"},
    sign_all_again: {"signature"},
    drop_triggers: {"database"},
    add_a_trigger: {"database"},
    let_a_view_stand_for_the_table: {"database"},
    hide_from_its_story: {"database"},
    change_in_a_write_ahead_log: {"changed", "database"},
    cut_at_a_checkpoint: {"missing"},
    cut_with_the_read_models: {"missing"},
    tear_a_page: {"unreadable", "database"},
    lambda data: (data / "log.sqlite").write_bytes(b""): {"unreadable", "database"},
    lambda data: (data / "log.sqlite").write_bytes(b"x" * 9999): {
        "unreadable",
        "database",
    },
    lambda data: (data / "audit.sqlite").write_bytes(b"x" * 9999): {"tiles"},
    lambda data: run(data / "audit.sqlite", "DROP TABLE tile"): {"tiles"},
    lambda data: run(data / "audit.sqlite", "UPDATE tile SET hashes = x''"): {"tiles"},
    lambda data: a_recording(data).write_bytes(b"edited"): {"recording"},
    lambda data: a_recording(data).unlink(): {"recording"},
    lambda data: shutil.rmtree(data / "recordings"): {"recording"},
    a_directory_for_a_recording: {"recording"},
    swap_two_recordings: {"recording"},
}


def test_an_untouched_directory_is_as_it_was(first: Path) -> None:
    report = look(first, first.parent / "held")
    assert (found(report), report.signed, report.recordings) == ([], SIZE, RECORDED)


@pytest.mark.parametrize("tamper", KINDS)
def test_whatever_is_done_to_a_directory_is_found(data: Path, tamper: Tamper) -> None:
    tamper(data)
    report = look(data)
    assert not report.is_good
    assert {kind for kind, _, _ in found(report)} == KINDS[tamper]


def test_what_others_have_seen_of_a_log_that_was_cut_is_missing(data: Path) -> None:
    cut_at_a_checkpoint(data)
    assert found(look(data)) == [("missing", CUT + 1, SIZE)]


def test_of_a_damaged_file_the_events_are_told_that_cannot_be_read(data: Path) -> None:
    tear_a_page(data)
    report = look(data)
    (kind, start, last), *others = found(report)
    assert (kind, start) == ("unreadable", 1)
    assert last < SIZE
    assert {kind for kind, _, _ in others} == {"database"}
    # All that can be read is as it was signed.
    assert report.signed == SIZE


def test_a_checkpoint_held_elsewhere_verifies_where_all_that_is_kept_is_gone(
    first: Path, data: Path
) -> None:
    (data / "audit.sqlite").write_bytes(b"x" * 9999)
    report = look(data, first.parent / "held")
    assert (report.signed, report.held) == (SIZE, 1)
    assert {kind for kind, _, _ in found(report)} == {"tiles"}


def test_nothing_is_written_into_what_is_looked_at(data: Path) -> None:
    (data / "audit.sqlite").unlink()
    look(data)
    assert not (data / "audit.sqlite").exists()


def test_a_file_of_a_newer_version_is_told_as_such(data: Path) -> None:
    run(data / "audit.sqlite", "PRAGMA user_version = 99")
    with pytest.raises(NewerLogError):
        look(data)


def test_another_key_is_found_by_the_first_one_and_a_held_checkpoint(
    first: Path, data: Path
) -> None:
    change_and_sign_with_another_key(data)
    vkey = own_key(first).verifier.text
    report = look(data, first.parent / "held", vkeys=(vkey,))
    assert found(report) == [("signature", 1, SIZE), ("between", 1, SIZE)]


def test_a_fork_by_who_has_the_key_is_found_by_a_held_checkpoint_alone(
    first: Path, data: Path
) -> None:
    run_on_log(data, _CHANGED)
    sign_all_again(data, own_key(data))
    assert look(data).is_good
    assert found(look(data, first.parent / "held")) == [("forked", 1, SIZE)]


def test_an_excuse_for_a_missing_recording_is_counted(data: Path) -> None:
    """Whoever may append can say that they were removed; it stays on record."""
    run(
        data / "log.sqlite",
        f"INSERT INTO event SELECT {SIZE + 1}, x'{RECORDINGS_ID.hex}', 1,"
        " 'Recordings:Removed', CAST('{\"before\":\"9999-01-01T00:00:00Z\"}' AS BLOB),"
        f" recorded_at FROM event WHERE position = {SIZE}",
    )
    shutil.rmtree(data / "recordings")
    report = look(data)
    assert (report.is_good, report.recordings_removed) == (True, RECORDED)
    assert report.unsigned == 1


def test_a_log_without_its_guards_is_guarded_again(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop_triggers(data)
    with opened(data):
        assert "action=log_unguarded" in caplog.text
    with (
        closing(sqlite3.connect(data / "log.sqlite")) as connection,
        pytest.raises(sqlite3.IntegrityError, match="changes nothing"),
    ):
        connection.execute("UPDATE event SET topic = 'x'")


def test_read_models_that_have_seen_more_than_there_is_are_made_again(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cut_at_a_checkpoint(data)
    with opened(data) as flashlog:
        assert f"action=events_lost the log ends at {CUT}" in caplog.text
        flashlog.show(flashlog.log.end())
        assert flashlog.views.position() == CUT
        before = len(flashlog.views.all("operation"))
        _record(flashlog, RECORDED)
        flashlog.show(flashlog.log.end())
        assert len(flashlog.views.all("operation")) == before + 1
