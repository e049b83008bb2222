"""Recordings go when they are old, and every other change of them is found."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from application.audit.export import export
from application.audit.findings import Kind, Report
from application.audit.importing import import_export
from application.audit.looking import verify_storage
from application.backup import backup, restore
from application.flashlog import Flashlog
from application.recordings.retention import ROLE, remove_old
from application.sealing import seal
from application.settings import Settings
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.application.houses import stored
from tests.domain import examples


class AheadClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = examples.AT

    def now(self):  # type: ignore[no-untyped-def]  # a datetime
        return self.time

    def start_from(self, recorded_at) -> None:  # type: ignore[no-untyped-def]  # likewise
        self.time = max(self.time, recorded_at)


class House:
    """A Flashlog with three recordings, a day after one another."""

    def __init__(self, directory: Path) -> None:
        self.clock = AheadClock()
        self.settings = self.settings_of(directory)
        self.flashlog = Flashlog(self.settings, clock=self.clock)
        self.hashes = [self.record(f"recording {number}") for number in range(3)]

    @staticmethod
    def settings_of(directory: Path) -> Settings:
        return Settings(data_dir=directory, recording_days=10)

    def record(self, text: str) -> str:
        sha256 = self.flashlog.recordings.put(text.encode())
        operation = examples.queued(uuid4())
        operation.note_recording(events.VisitRecorded(sha256=sha256, size_bytes=1))
        self.flashlog.log.append(operation)
        self.clock.time += timedelta(days=1)
        return sha256

    def path(self, number: int) -> Path:
        return self.flashlog.recordings.path(self.hashes[number])

    def is_there(self) -> list[bool]:
        return [sha256 in self.flashlog.recordings for sha256 in self.hashes]

    def verify(self, directory: Path | None = None) -> Report:
        seal(self.flashlog)
        with stored(directory or self.settings.data_dir) as storage:
            return verify_storage(
                storage, vkeys=(), held=(), progress=lambda _done, _total: None
            )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    with closing(house.flashlog):
        yield house


def test_what_was_kept_long_enough_is_removed_and_nothing_is_wrong(
    house: House,
) -> None:
    assert remove_old(house.flashlog) == 0
    house.clock.time = examples.AT + timedelta(days=11)
    assert remove_old(house.flashlog) == 1
    assert house.is_there() == [False, True, True]
    report = house.verify()
    assert (report.is_good, report.recordings) == (True, 2)
    # What has gone, has gone on record: also when more is to be kept from now on.
    house.flashlog.settings = msgspec.structs.replace(
        house.settings, recording_days=1000
    )
    assert remove_old(house.flashlog) == 0
    assert house.verify().is_good


def test_with_no_days_at_all_nothing_is_kept(house: House) -> None:
    house.flashlog.settings = msgspec.structs.replace(house.settings, recording_days=0)
    assert remove_old(house.flashlog) == 3
    assert house.is_there() == [False, False, False]


def test_what_a_crash_has_left_goes_after_a_day(house: House) -> None:
    fresh = house.flashlog.recordings.put(b"named in a moment")
    left = house.flashlog.recordings.put(b"never named")
    path = house.flashlog.recordings.path(left)
    draft = path.with_name(f"{left}.0123456789abcdef")
    draft.write_bytes(b"half")
    for old in (path, draft):
        os.utime(old, (0, 0))
    assert remove_old(house.flashlog) == 2
    assert not draft.exists()
    assert left not in house.flashlog.recordings
    assert fresh in house.flashlog.recordings
    assert house.is_there() == [True, True, True]
    assert house.verify().is_good


def test_nothing_is_removed_while_somebody_needs_it(house: House) -> None:
    house.clock.time += timedelta(days=100)
    with house.flashlog.among(ROLE, when_first=lambda: None):
        assert remove_old(house.flashlog) == 0
    assert house.is_there() == [True, True, True]


def test_a_crash_between_record_and_removal_is_mended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.clock.time = examples.AT + timedelta(days=11)
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", _broken)
        with pytest.raises(OSError, match="power"):
            remove_old(house.flashlog)
    assert house.is_there() == [True, True, True]
    assert house.verify().is_good
    assert remove_old(house.flashlog) == 1
    assert house.is_there() == [False, True, True]


def _broken(*_: object, **__: object) -> None:
    raise OSError("power")


def _edit(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" and more")


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (_edit, "was changed"),
        (lambda path: path.write_bytes(b""), "was changed"),
        (Path.unlink, "is gone, and nothing says why"),
    ],
)
def test_a_recording_that_was_tampered_with_is_found(
    house: House, tamper: Callable[[Path], object], said: str
) -> None:
    tamper(house.path(1))
    report = house.verify()
    (finding,) = report.findings
    assert finding.kind is Kind.RECORDING
    assert said in finding.text
    event = house.flashlog.log.read(after=finding.first - 1, limit=1)[0].event
    assert isinstance(event, events.VisitRecorded)
    assert event.sha256 == house.hashes[1]


def test_one_that_is_older_than_what_was_removed_may_be_gone_a_younger_not(
    house: House,
) -> None:
    house.clock.time = examples.AT + timedelta(days=11)
    remove_old(house.flashlog)
    house.path(2).unlink()
    assert [each.kind for each in house.verify().findings] == [Kind.RECORDING]


def test_those_of_an_imported_log_are_counted_as_absent(
    house: House, tmp_path: Path
) -> None:
    seal(house.flashlog)
    export(house.flashlog.audit, tmp_path / "export")
    again = House.settings_of(tmp_path / "again")
    with stored(again.data_dir) as storage:
        import_export(storage, tmp_path / "export")
    with closing(Flashlog(again, clock=house.clock)) as imported:
        # Also when it goes on: what is recorded from then on must be there.
        house.flashlog, flashlog = imported, house.flashlog
        new = house.record("new")
        report = house.verify(again.data_dir)
        assert (report.findings, report.recordings_absent) == ([], 3)
        assert report.recordings == 1
        imported.recordings.delete(new)
        assert [each.kind for each in house.verify(again.data_dir).findings] == [
            Kind.RECORDING
        ]
        house.flashlog = flashlog


def test_without_their_directory_all_are_missing(house: House) -> None:
    shutil.rmtree(house.settings.data_dir / "recordings")
    assert [each.kind for each in house.verify().findings] == [Kind.RECORDING] * 3


@pytest.mark.sqlite("flashlog backup")
def test_a_backup_has_the_recordings(house: House, tmp_path: Path) -> None:
    backup(house.settings, tmp_path / "backup.tar")
    again = Settings(data_dir=tmp_path / "again")
    restore(again, tmp_path / "backup.tar")
    seal(house.flashlog)
    with closing(Flashlog(again)) as restored:
        seal(restored)
        assert [sha256 in restored.recordings for sha256 in house.hashes] == [True] * 3
    assert house.verify(again.data_dir).recordings == 3


def test_the_operation_says_at_any_time_what_was_recorded() -> None:
    operation = examples.queued(uuid4())
    operation.cancel(at=examples.AT)
    operation.note_recording(events.VisitRecorded(trouble="no room"))
    assert isinstance(operation, UpgradeOperation)
    assert operation.is_settled
