"""From SQLite to PostgreSQL and back, by an export: the same log, the same tree."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from application.adapters.signing_key import SigningKeyError
from application.adapters.sqlite.storage import SQLiteStorage
from application.adapters.storage import Storage
from application.adapters.vault import CONFIGURATION_BACKUP
from application.audit import importing
from application.audit.audit import Audit
from application.audit.export import ExportError, export
from application.audit.importing import import_export
from application.audit.looking import verify_storage
from application.errors import NotFoundError
from application.sealing import seal
from application.settings import Settings
from application.storage import storage_of
from domain.transparency.note import SigningKey
from tests.application.houses import a_device, all_rows, opened
from tests.audit.given import House


@contextmanager
def stored(directory: Path, url: str = "") -> Iterator[Storage]:
    storage = storage_of(Settings(data_dir=directory, database_url=url))
    with closing(storage):
        yield storage


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "first").mkdir()
    house = House(tmp_path / "first")
    house.append(45)
    house.sign()
    return house


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def exported_from(storage: Storage, key: SigningKey, directory: Path) -> Path:
    audit = Audit(storage.rows(), storage.tree(), key, checkpoint_events_max=10)
    export(audit, directory)
    return directory


def test_a_log_that_moves_to_postgresql_and_back_keeps_every_byte(
    house: House, tmp_path: Path, postgres_url: str
) -> None:
    first = house.export("export")
    with stored(tmp_path / "there", postgres_url) as there:
        done = import_export(there, first)
        assert (done.events, done.already, done.checkpoints) == (46, 0, 5)
        second = exported_from(there, house.key, tmp_path / "second")
        again = import_export(there, first)
        assert (again.events, again.already) == (46, 46)
    assert contents(second) == contents(first)
    with stored(tmp_path / "back") as back:
        import_export(back, second)
        assert contents(exported_from(back, house.key, tmp_path / "third")) == contents(
            first
        )


def test_a_move_that_was_killed_goes_on(
    house: House,
    tmp_path: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = house.export("export")
    monkeypatch.setattr(importing, "_AT_ONCE", 10)

    def die(done: int, _total: int) -> None:
        if done == 30:
            raise KeyboardInterrupt

    with stored(tmp_path / "there", postgres_url) as there:
        with pytest.raises(KeyboardInterrupt):
            import_export(there, first, progress=die)
        assert there.rows().end() == 30
        done = import_export(there, first)
        assert (done.events, done.already) == (46, 30)
        second = exported_from(there, house.key, tmp_path / "second")
    assert contents(second) == contents(first)


def test_another_log_is_not_imported_into(
    house: House, tmp_path: Path, postgres_url: str
) -> None:
    other = House(tmp_path, events_max=10)
    other.sign()
    with stored(tmp_path / "there", postgres_url) as there:
        import_export(there, other.export("other"))
        with pytest.raises(ExportError, match="at position 1 it is not"):
            import_export(there, house.export("export"))
        assert there.rows().end() == 1


@pytest.mark.sqlite("begins there")
def test_an_installation_goes_on_in_postgresql_as_who_it_was(
    tmp_path: Path, postgres_url: str
) -> None:
    """Its files move with it: then routers and verifiers know it again."""
    here, there = tmp_path / "here", tmp_path / "there"
    with opened(here) as flashlog:
        a_device(flashlog)
        seal(flashlog)
        installation, vkey = flashlog.installation, flashlog.audit.vkey
        session_key = flashlog.storage.session_key()
        secret_id = flashlog.vault.put("secret", {"password": "of-the-roof"})
        archive_id = flashlog.vault.put(CONFIGURATION_BACKUP, b"of the roof")
        flashlog.projector.catch_up()
        shown = all_rows(flashlog.views)
        export(flashlog.audit, tmp_path / "export")
    there.mkdir()
    moved = ("installation", "audit.key", "session.key", "vault.key", "vault.sqlite")
    for name in moved:
        shutil.copy2(here / name, there / name)
    with stored(there, postgres_url) as storage:
        import_export(storage, tmp_path / "export")

    with opened(there, database_url=postgres_url) as flashlog:
        flashlog.projector.catch_up()
        assert all_rows(flashlog.views) == shown
        assert flashlog.installation == installation
        assert flashlog.audit.vkey == vkey
        assert flashlog.storage.session_key() == session_key
        a_device(flashlog, "another", mac_address="00:11:22:aa:bb:dd")
        seal(flashlog)
        assert flashlog.vault.get(secret_id) == {"password": "of-the-roof"}
        flashlog.vault.erase(secret_id)
    with opened(there, database_url=postgres_url) as flashlog:
        # What was erased since does not come back from the file.
        assert secret_id not in flashlog.vault.ids(["secret"])
        assert flashlog.vault.get_bytes(archive_id) == b"of the roof"
    # On another machine, with nothing but the key of the vault.
    (tmp_path / "elsewhere").mkdir()
    shutil.copy2(there / "vault.key", tmp_path / "elsewhere" / "vault.key")
    with opened(tmp_path / "elsewhere", database_url=postgres_url) as flashlog:
        assert flashlog.installation == installation
        assert flashlog.audit.vkey == vkey
        assert flashlog.storage.session_key() == session_key


def test_a_damaged_key_does_not_move(tmp_path: Path, postgres_url: str) -> None:
    (tmp_path / "audit.key").write_text("PRIVATE+KEY+a+b+c")
    (tmp_path / "audit.key").chmod(0o600)
    with stored(tmp_path, postgres_url) as storage:
        for _ in range(2):
            with pytest.raises(SigningKeyError, match="is damaged"):
                storage.signing_key("flashlog/test")
        (tmp_path / "audit.key").unlink()
        key = storage.signing_key("flashlog/test")
        (tmp_path / "audit.key").write_text("PRIVATE+KEY+a+b+c")
        assert storage.signing_key("flashlog/test").text == key.text


# --- what a verifier finds there -----------------------------------------------------

DISABLED = "ALTER TABLE event DISABLE TRIGGER ALL"
ENABLED = "; ".join(
    f"ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_{name}"
    for name in ("next", "final", "kept")
)
CHANGED = f"{DISABLED}; UPDATE event SET state = '{{}}' WHERE position = 7; {ENABLED}"
TAMPERINGS = {
    CHANGED: ("changed", 7, 7),
    f"{DISABLED}; DELETE FROM event WHERE position = 20; {ENABLED}": (
        *("missing", 20, 20),
    ),
    f"{DISABLED}; DELETE FROM event WHERE position > 40; {ENABLED}": (
        *("missing", 41, 46),
    ),
    "DROP TRIGGER event_is_kept ON event": ("database", 1, 46),
    "ALTER TABLE event DISABLE TRIGGER event_is_final": ("database", 1, 46),
    "CREATE RULE nothing AS ON INSERT TO event DO INSTEAD NOTHING": (
        *("database", 1, 46),
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_in_postgresql_is_found(
    house: House, tmp_path: Path, postgres_url: str, tampering: str
) -> None:
    def look(storage: Storage) -> list[tuple[str, int, int]]:
        report = verify_storage(
            storage, vkeys=(), held=(), progress=lambda _done, _total: None
        )
        return [(each.kind.value, each.first, each.last) for each in report.findings]

    with stored(tmp_path / "there", postgres_url) as there:
        with pytest.raises(NotFoundError, match="there is no log in postgresql:"):
            look(there)
        import_export(there, house.export("export"))
        assert look(there) == []
        with psycopg.connect(postgres_url, autocommit=True) as plain:
            plain.execute("SET search_path = flashlog_log")
            plain.execute(tampering.encode())
        assert TAMPERINGS[tampering] in look(there)


def test_who_verifies_makes_nothing(tmp_path: Path) -> None:
    with closing(SQLiteStorage(tmp_path)) as storage, pytest.raises(NotFoundError):
        verify_storage(storage, vkeys=(), held=(), progress=lambda _done, _total: None)
    assert list(tmp_path.iterdir()) == []
