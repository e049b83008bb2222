"""A backup while the service runs, and what a restore makes of it."""

import os
import shutil
import stat
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from uuid import UUID

import pytest

from application import backup as backup_module
from application.adapters.archive import write_archive
from application.backup import BackupError, backup, restore
from application.batches.keeper import keep_up
from application.commands.batches import Wish, start_batch
from application.commands.operations import (
    cancel_operation,
    resume_operation,
    start_upgrade,
)
from application.errors import NewerLogError, RefusedError
from application.flashlog import DataDirectoryError, Flashlog
from application.settings import Settings
from domain.credentials import Credentials
from domain.device.device import Device
from domain.operation.words import SettledBy, Status
from tests.adapters.logs import SQLitePlace, check_whole
from tests.application.houses import (
    a_device,
    all_rows,
    an_image,
    claimed,
    opened,
    operation_of,
)
from tests.application.stock import ROOT, Stock
from tests.domain import examples

pytestmark = pytest.mark.sqlite("flashlog backup, where a database has pg_dump")


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path / "house") as flashlog:
        yield flashlog


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "flashlog.backup"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "elsewhere")


def files_under(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@contextmanager
def busy(flashlog: Flashlog) -> Iterator[list[int]]:
    """Let another thread append and keep secrets all the while."""
    stop = threading.Event()
    done: list[int] = []

    def work() -> None:
        with opened(flashlog.settings.data_dir) as own:
            while not stop.is_set():
                number = len(done)
                a_device(own, f"roof-{number}", mac_address=f"020000{number:06x}")
                done.append(own.log.end())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join(30)


def wait_for_another(done: list[int]) -> None:
    """Wait until something more was appended."""
    before, deadline = len(done), time.monotonic() + 60
    while len(done) == before:
        assert time.monotonic() < deadline
        time.sleep(0.001)


# --- backup --------------------------------------------------------------------------


def test_a_backup_brings_back_log_vault_images_and_identity(
    flashlog: Flashlog, archive: Path, elsewhere: Settings
) -> None:
    device_id = a_device(flashlog)
    an_image(flashlog)

    made = backup(flashlog.settings, archive)
    restored = restore(elsewhere, archive)

    assert made.position == restored.position == flashlog.log.end()
    assert (made.images, made.size_bytes) == (1, archive.stat().st_size)
    with opened(elsewhere.data_dir) as again:
        assert again.installation == flashlog.installation
        assert list(again.images) == list(flashlog.images)
        assert all(again.images.is_sound(sha256) for sha256 in again.images)
        device = again.log.get(Device, device_id)
        login = again.log.get(Credentials, device.enabled_connections[0].credentials_id)
        assert again.vault.get(login.secret_id)["password"] == "secret"
        assert all_rows(again.views) == all_rows(flashlog.views)
        assert again.log.read(after=0, limit=999) == flashlog.log.read(
            after=0, limit=999
        )


def test_a_backup_is_whole_while_others_append(
    flashlog: Flashlog, tmp_path: Path
) -> None:
    an_image(flashlog)
    archives = [tmp_path / f"{number}.backup" for number in range(4)]
    with busy(flashlog) as done:
        made = []
        for archive in archives:
            wait_for_another(done)
            made.append(backup(flashlog.settings, archive))

    for number, archive in enumerate(archives):
        settings = Settings(data_dir=tmp_path / f"restored-{number}")
        restored = restore(settings, archive)
        assert restored.position == made[number].position
        assert (
            check_whole(SQLitePlace(settings.data_dir / "log.sqlite"))
            == restored.position
        )
        with opened(settings.data_dir) as again:
            running = all_rows(again.views)
            again.projector.rebuild()
            assert all_rows(again.views) == running
            for row in again.views.all("credentials"):
                login = again.log.get(Credentials, UUID(row["id"]))
                assert again.vault.get(login.secret_id)["password"] == "secret"


def test_a_backup_can_be_read_by_its_owner_alone(
    flashlog: Flashlog, archive: Path, elsewhere: Settings
) -> None:
    old_mask = os.umask(0)
    try:
        backup(flashlog.settings, archive)
        restore(elsewhere, archive)
    finally:
        os.umask(old_mask)

    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    key = elsewhere.data_dir / "vault.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(elsewhere.data_dir.stat().st_mode) == 0o700


def test_a_backup_leaves_nothing_beside_it(flashlog: Flashlog, archive: Path) -> None:
    backup(flashlog.settings, archive)

    assert {path.name for path in archive.parent.iterdir()} == {
        "house",
        archive.name,
    }


def test_a_backup_never_replaces_another_file(
    flashlog: Flashlog, archive: Path
) -> None:
    archive.write_text("precious")

    with pytest.raises(BackupError, match="is there already: choose another name"):
        backup(flashlog.settings, archive)

    assert archive.read_text() == "precious"
    assert len(list(archive.parent.iterdir())) == 2


def test_a_backup_into_nowhere_says_where(flashlog: Flashlog, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="missing"):
        backup(flashlog.settings, tmp_path / "missing" / "x.backup")


def test_there_is_nothing_to_back_up_without_a_log(
    archive: Path, elsewhere: Settings
) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        backup(elsewhere, archive)

    assert not elsewhere.data_dir.exists()


# --- restore -------------------------------------------------------------------------


def test_what_was_in_progress_is_held_after_a_restore(
    flashlog: Flashlog, archive: Path, elsewhere: Settings
) -> None:
    image_id = an_image(flashlog)
    macs = iter(range(1, 9))

    def started(name: str) -> UUID:
        device_id = a_device(flashlog, name, mac_address=f"0200000000{next(macs):02x}")
        return start_upgrade(flashlog, device_id=device_id, image_id=image_id)

    running, owing, settled, cancelled = map(started, ("a", "b", "c", "d"))
    for each in (owing, settled):
        operation = operation_of(flashlog, each)
        operation.begin_visit("runner-1")
        operation.note(examples.switch_armed())
        flashlog.log.append(operation)
        cancel_operation(flashlog, operation_id=each)
    operation = operation_of(flashlog, settled)
    operation.settle_by(SettledBy.FLASHLOG)
    flashlog.show(flashlog.log.append(operation))
    cancel_operation(flashlog, operation_id=cancelled)
    backup(flashlog.settings, archive)

    restored = restore(elsewhere, archive, by=examples.PERSON)

    assert restored.held == (running, owing)
    with opened(elsewhere.data_dir) as again:
        assert again.views.rows("SELECT * FROM due") == []
        now = again.clock.now().timestamp() + 10**6
        assert claimed(again.due, now=now) == []
        operation = operation_of(again, running)
        assert operation.status is Status.IN_PROGRESS
        assert operation.held == (
            f"the log was restored from a backup of {restored.made_at}: look at the "
            "router, then resume or cancel the operation"
        )
        with pytest.raises(RefusedError):
            operation.begin_visit("runner-1")
        assert not operation_of(again, settled).held
        held = again.log.story(running)[-1].event
        assert getattr(held, "by", None) == examples.PERSON


def test_a_batch_is_held_after_a_restore_and_so_is_what_it_makes_later(
    flashlog: Flashlog, archive: Path, elsewhere: Settings
) -> None:
    stock = Stock(flashlog)
    category_id = stock.category()
    old, new = (stock.build(category_id) for _ in range(2))
    stock.image(new)
    stock.device(stock.image(old))
    batch_id = start_batch(flashlog, ROOT, build_id=new, wish=Wish())
    backup(flashlog.settings, archive)

    restored = restore(elsewhere, archive)

    with opened(elsewhere.data_dir) as again:
        assert keep_up(again, Event())
        again.show(again.log.end())
        row = again.views.one("batch", str(batch_id))
        assert row
        assert str(restored.made_at) in row["held"]
        assert row["in_progress"] == 1
        now = again.clock.now().timestamp() + 10**6
        assert claimed(again.due, now=now) == []


def test_a_person_lets_a_held_operation_go_on_or_cancels_it(
    flashlog: Flashlog, archive: Path, elsewhere: Settings
) -> None:
    image_id = an_image(flashlog)
    device_id = a_device(flashlog)
    operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    backup(flashlog.settings, archive)
    restore(elsewhere, archive)

    with opened(elsewhere.data_dir) as again:
        resume_operation(again, operation_id=operation_id)

        now = again.clock.now().timestamp()
        assert claimed(again.due, now=now) == [operation_id]
        cancel_operation(again, operation_id=operation_id)
        assert operation_of(again, operation_id).is_settled


def test_a_directory_with_something_in_it_is_not_restored_into(
    flashlog: Flashlog, archive: Path
) -> None:
    a_device(flashlog)
    backup(flashlog.settings, archive)
    before = files_under(flashlog.settings.data_dir / "images")
    end = flashlog.log.end()

    with pytest.raises(BackupError) as refusal:
        restore(flashlog.settings, archive)

    assert str(refusal.value) == (
        f"{flashlog.settings.data_dir} is not empty: restore into an empty directory "
        "(set FLASHLOG_DATA_DIR)"
    )
    assert flashlog.log.end() == end
    assert files_under(flashlog.settings.data_dir / "images") == before


def test_a_backup_that_was_cut_off_anywhere_is_refused(
    flashlog: Flashlog, archive: Path, elsewhere: Settings
) -> None:
    an_image(flashlog)
    backup(flashlog.settings, archive)
    whole = archive.read_bytes()
    content_ends = len(whole.rstrip(b"\0"))

    for length in (*range(0, content_ends, content_ends // 40), content_ends - 1):
        archive.write_bytes(whole[:length])
        with pytest.raises(BackupError) as refusal:
            restore(elsewhere, archive)
        assert "cut off or changed" in str(refusal.value) or length < 2048
        assert list(elsewhere.data_dir.iterdir()) == []

    archive.write_bytes(whole)
    restore(elsewhere, archive)


def test_a_backup_with_a_flipped_byte_is_refused(
    flashlog: Flashlog, archive: Path, elsewhere: Settings
) -> None:
    an_image(flashlog)
    backup(flashlog.settings, archive)
    with tarfile.open(archive) as tar:
        places = {member.name: member.offset_data for member in tar}
    whole = archive.read_bytes()

    for name, place in places.items():
        damaged = bytearray(whole)
        damaged[place + 5] ^= 1
        archive.write_bytes(damaged)
        with pytest.raises(BackupError):
            restore(elsewhere, archive)
        assert list(elsewhere.data_dir.iterdir()) == [], name


@pytest.mark.parametrize("content", [b"", b"not a backup", bytes(10_240)])
def test_what_is_no_backup_is_refused(
    archive: Path, elsewhere: Settings, content: bytes
) -> None:
    archive.write_bytes(content)

    with pytest.raises(BackupError, match=str(archive)):
        restore(elsewhere, archive)

    assert list(elsewhere.data_dir.iterdir()) == []


def test_a_missing_backup_is_told(archive: Path, elsewhere: Settings) -> None:
    with pytest.raises(BackupError, match="No such file"):
        restore(elsewhere, archive)


def test_an_archive_that_points_outside_is_refused(
    archive: Path, elsewhere: Settings, tmp_path: Path
) -> None:
    (tmp_path / "evil").write_text("evil")
    write_archive(archive, {"../escaped": tmp_path / "evil"}, {})

    with pytest.raises(BackupError, match="must not write to"):
        restore(elsewhere, archive)

    assert not (elsewhere.data_dir / "escaped").exists()


def test_an_older_flashlog_refuses_the_backup_of_a_newer_one(
    flashlog: Flashlog,
    archive: Path,
    elsewhere: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backup(flashlog.settings, archive)
    monkeypatch.setattr("application.adapters.log.appending.LOG_FORMAT", 0)

    with pytest.raises(NewerLogError, match="install the version that wrote it"):
        restore(elsewhere, archive)

    assert list(elsewhere.data_dir.iterdir()) == []


def test_nothing_starts_where_a_restore_did_not_end(
    flashlog: Flashlog,
    archive: Path,
    elsewhere: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backup(flashlog.settings, archive)
    with monkeypatch.context() as patch:
        patch.setattr(backup_module, "_move_up", lambda *_: _killed())
        with pytest.raises(KeyboardInterrupt):
            restore(elsewhere, archive)

    with pytest.raises(DataDirectoryError, match="empty the directory and restore"):
        Flashlog(elsewhere)

    shutil.rmtree(elsewhere.data_dir)
    restore(elsewhere, archive)


def _killed() -> None:
    raise KeyboardInterrupt
