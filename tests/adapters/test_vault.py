import base64
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.adapters import vault_file
from application.adapters.vault import CONFIGURATION_BACKUP, Vault
from application.adapters.vault_file import VaultFile
from application.adapters.vault_key import (
    VaultBusyError,
    VaultDamagedError,
    VaultError,
    VaultKeyError,
)
from domain.errors import NotFoundError

SECRET = "correct horse battery staple"
ROOT = str(Path(__file__).parents[2])


def vault_in(directory: Path) -> Vault:
    return Vault(VaultFile(directory / "vault.db"), directory / "vault.key")


def file_of(vault: Vault) -> VaultFile:
    assert isinstance(vault._file, VaultFile)
    return vault._file


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = vault_in(tmp_path)
    yield vault
    vault.close()


def rows(directory: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(directory / "vault.db")
    try:
        found = connection.execute(statement, values).fetchall()
        connection.commit()
        return found
    finally:
        connection.close()


def stored_bytes(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.glob("vault.db*")))


def test_what_was_put_is_what_is_got(vault: Vault) -> None:
    mapping = {"username": "root", "password": SECRET, "port": 22, "key": None}
    assert vault.get(vault.put("credentials", mapping)) == mapping
    assert vault.get_bytes(vault.put("key", b"\0\xff")) == b"\0\xff"
    assert vault.get(vault.put("user", {})) == {}


def test_a_backup_of_a_configuration_is_kept_apart(
    vault: Vault, tmp_path: Path
) -> None:
    archive = os.urandom(300_000)
    record_id = vault.put(CONFIGURATION_BACKUP, archive)
    assert vault.get_bytes(record_id, kind=CONFIGURATION_BACKUP) == archive
    assert rows(tmp_path, "SELECT id FROM archive") == [(record_id.bytes,)]
    assert vault.erase(record_id)
    assert rows(tmp_path, "SELECT id FROM archive") == []


def test_nothing_stands_readable_in_the_files(vault: Vault, tmp_path: Path) -> None:
    vault.put("credentials", {"password": SECRET})
    vault.put("key", SECRET.encode())
    assert SECRET.encode() not in stored_bytes(tmp_path)


def test_the_files_are_for_their_owner_alone(vault: Vault, tmp_path: Path) -> None:
    vault.put("key", b"x")
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()
    }
    assert {"vault.db", "vault.key"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_a_vault_is_opened_again(vault: Vault, tmp_path: Path) -> None:
    record_id = vault.put("user", {"name": "Ada"})
    vault.close()
    again = vault_in(tmp_path)
    assert again.get(record_id) == {"name": "Ada"}
    again.close()


def test_an_erased_record_is_gone_from_the_files(vault: Vault, tmp_path: Path) -> None:
    record_id = vault.put("user", {"email": "ada@example.org"})
    (row,) = rows(tmp_path, "SELECT sealed FROM record WHERE id = ?", record_id.bytes)
    sealed = row[0]
    assert isinstance(sealed, bytes)
    assert sealed in stored_bytes(tmp_path)

    assert vault.erase(record_id)

    assert sealed not in stored_bytes(tmp_path)
    assert not vault.erase(record_id)
    with pytest.raises(NotFoundError, match=str(record_id)):
        vault.get(record_id)


def test_a_put_can_be_repeated(vault: Vault, tmp_path: Path) -> None:
    record_id = uuid4()
    for kind, name in (("user", "Ada"), ("user", "Eve"), (CONFIGURATION_BACKUP, "x")):
        assert vault.put(kind, {"name": name}, record_id=record_id) == record_id
        assert vault.get(record_id) == {"name": name}
    assert len(rows(tmp_path, "SELECT id FROM record")) == 1  # the seal


def test_a_record_of_another_kind_is_not_given_out(vault: Vault) -> None:
    record_id = vault.put("credentials", {"password": SECRET})
    with pytest.raises(NotFoundError):
        vault.get(record_id, kind="user")
    with pytest.raises(NotFoundError):
        vault.get_bytes(record_id, kind=CONFIGURATION_BACKUP)
    with pytest.raises(TypeError):
        vault.get_bytes(record_id)
    with pytest.raises(TypeError):
        vault.get(vault.put("key", b"x"))


def test_records_that_were_swapped_do_not_open(vault: Vault, tmp_path: Path) -> None:
    mine, other = vault.put("user", {"name": "Ada"}), vault.put("user", {"name": "Eve"})
    (row,) = rows(tmp_path, "SELECT sealed FROM record WHERE id = ?", other.bytes)
    rows(tmp_path, "UPDATE record SET sealed = ? WHERE id = ?", row[0], mine.bytes)
    with pytest.raises(VaultDamagedError, match=str(mine)):
        vault.get(mine)
    assert vault.get(other) == {"name": "Eve"}


def test_a_record_whose_kind_was_changed_does_not_open(
    vault: Vault, tmp_path: Path
) -> None:
    record_id = vault.put("credentials", {"password": SECRET})
    rows(tmp_path, "UPDATE record SET kind = 'user' WHERE kind = 'credentials'")
    with pytest.raises(VaultDamagedError):
        vault.get(record_id, kind="user")


def test_a_lost_key_is_told_and_no_new_one_is_made(
    vault: Vault, tmp_path: Path
) -> None:
    key = tmp_path / "vault.key"
    key.unlink()
    with pytest.raises(VaultKeyError, match="missing: put the key file back"):
        vault_in(tmp_path)
    assert not key.exists()


def test_the_key_of_another_vault_does_not_fit(vault: Vault, tmp_path: Path) -> None:
    vault_in(tmp_path / "other").close()
    (tmp_path / "vault.key").write_bytes((tmp_path / "other/vault.key").read_bytes())
    with pytest.raises(VaultKeyError, match="does not fit"):
        vault_in(tmp_path)


@pytest.mark.parametrize("content", [b"", b"x", b"!" * 44, base64.b64encode(bytes(31))])
def test_a_damaged_key_is_told(vault: Vault, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vault.key").write_bytes(content)
    with pytest.raises(VaultKeyError, match="damaged"):
        vault_in(tmp_path)


def test_a_key_that_others_can_read_is_refused(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "vault.key").chmod(0o640)
    with pytest.raises(VaultKeyError, match="chmod 600"):
        vault_in(tmp_path)


def test_a_key_that_is_there_first_is_taken(tmp_path: Path) -> None:
    content = base64.b64encode(bytes(range(32))) + b"\n"
    key = tmp_path / "vault.key"
    key.touch(0o600)
    key.write_bytes(content)
    vault_in(tmp_path).close()
    assert key.read_bytes() == content
    assert [path.name for path in tmp_path.glob("vault.key*")] == ["vault.key"]


def test_a_file_that_is_no_vault_is_told(tmp_path: Path) -> None:
    (tmp_path / "vault.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(VaultDamagedError, match="restore it from a backup"):
        vault_in(tmp_path)


def test_a_vault_of_a_newer_flashlog_is_refused(vault: Vault, tmp_path: Path) -> None:
    rows(tmp_path, "PRAGMA user_version = 99")
    with pytest.raises(VaultError, match="newer Flashlog"):
        vault_in(tmp_path)


def test_a_vault_in_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "vault.db").mkdir()
    with pytest.raises(VaultBusyError, match="cannot be used"):
        vault_in(tmp_path)


def test_a_locked_vault_is_told_and_goes_on_later(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault_file, "_BUSY_SECONDS_MAX", 0.05)
    impatient = vault_in(tmp_path)
    other = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(VaultBusyError, match="nothing was written"):
        impatient.put("user", {"name": "Ada"})
    other.execute("ROLLBACK")
    other.close()
    assert impatient.get(impatient.put("user", {"name": "Ada"})) == {"name": "Ada"}
    impatient.close()


def test_a_start_waits_for_another_that_holds_the_new_file(tmp_path: Path) -> None:
    (tmp_path / "vault.db").touch(0o600)
    other = sqlite3.connect(
        tmp_path / "vault.db", isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.execute, ["ROLLBACK"])
    release.start()
    vault_in(tmp_path).close()
    release.join()
    other.close()


def test_a_full_disk_is_told_and_leaves_no_half_record(
    vault: Vault, tmp_path: Path
) -> None:
    kept = vault.put("user", {"name": "Ada"})
    file_of(vault)._connection().execute("PRAGMA max_page_count = 20").fetchall()
    with pytest.raises(VaultBusyError, match="full"):
        vault.put(CONFIGURATION_BACKUP, bytes(1_000_000), record_id=kept)
    assert vault.get(kept) == {"name": "Ada"}
    file_of(vault)._connection().execute("PRAGMA max_page_count = 100000").fetchall()
    assert vault.get_bytes(vault.put(CONFIGURATION_BACKUP, bytes(1_000_000)))


def test_a_copy_is_opened_with_the_same_key(vault: Vault, tmp_path: Path) -> None:
    record_id = vault.put("user", {"name": "Ada"})
    copy = tmp_path / "copy.db"
    vault.copy_to(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    opened = Vault(VaultFile(copy), tmp_path / "vault.key")
    assert opened.get(record_id) == {"name": "Ada"}
    opened.close()


def test_many_threads_start_and_use_one_vault(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    ids: list[tuple[UUID, int]] = []

    def work(number: int) -> None:
        barrier.wait(60)
        vault = vault_in(tmp_path)
        for count in range(10):
            value = 100 * number + count
            ids.append((vault.put("user", {"value": value}), value))
        vault.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    vault = vault_in(tmp_path)
    assert len(ids) == 80
    assert all(vault.get(record_id) == {"value": value} for record_id, value in ids)
    vault.close()


def test_one_vault_is_shared_by_threads(vault: Vault) -> None:
    record_id = vault.put("user", {"name": "Ada"})
    got: list[dict[str, object]] = []
    threads = [
        threading.Thread(target=lambda: got.append(vault.get(record_id)))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [{"name": "Ada"}] * 5


@pytest.mark.process
def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from application.adapters.vault import Vault
from application.adapters.vault_file import VaultFile
directory = Path(sys.argv[1])
sys.stdin.readline()
vault = Vault(VaultFile(directory / "vault.db"), directory / "vault.key")
for _ in range(5):
    print(vault.put("user", {"name": "Ada"}), flush=True)
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [errors for _, errors in outputs] == [""] * 4
    vault = vault_in(tmp_path)
    ids = [UUID(line) for output, _ in outputs for line in output.splitlines()]
    assert len(ids) == 20
    assert all(vault.get(record_id) == {"name": "Ada"} for record_id in ids)
    vault.close()


def test_a_forked_child_opens_its_own_connection(vault: Vault) -> None:
    record_id = vault.put("user", {"name": "Ada"})
    mine = file_of(vault)._connection()
    child = os.fork()
    if not child:
        is_right = vault.get(record_id) == {"name": "Ada"}
        os._exit(0 if is_right and file_of(vault)._connection() is not mine else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert vault.get(record_id) == {"name": "Ada"}


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    value=st.binary()
    | st.dictionaries(st.text(), st.none() | st.booleans() | st.text() | st.binary())
)
def test_any_value_comes_back(vault: Vault, value: bytes | dict[str, object]) -> None:
    record_id = vault.put("any", value)
    got = vault.get_bytes if isinstance(value, bytes) else vault.get
    assert got(record_id) == value
    assert vault.erase(record_id)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_flipped_bit_of_a_record_is_found(
    vault: Vault, tmp_path: Path, data: st.DataObject
) -> None:
    record_id = vault.put("user", {"name": "Ada"})
    (row,) = rows(tmp_path, "SELECT sealed FROM record WHERE id = ?", record_id.bytes)
    assert isinstance(row[0], bytes)
    sealed = bytearray(row[0])
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    changed = "UPDATE record SET sealed = ? WHERE id = ?"
    rows(tmp_path, changed, bytes(sealed), record_id.bytes)
    with pytest.raises(VaultDamagedError):
        vault.get(record_id)
