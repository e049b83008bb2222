"""The vault under a new key: nothing is lost, whoever is killed and whoever looks."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID

import pytest

from application.adapters.vault import CONFIGURATION_BACKUP, Vault
from application.adapters.vault_file import VaultFile
from application.adapters.vault_key import VaultBusyError, VaultKeyError, next_of

RECORDS = {"user": {"name": "Ada"}, "credentials": {"password": "secret"}}
ARCHIVE = bytes(range(256)) * 20


def vault_in(directory: Path) -> Vault:
    return Vault(VaultFile(directory / "vault.db"), directory / "vault.key")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    made = vault_in(tmp_path)
    yield made
    made.close()


@pytest.fixture
def ids(vault: Vault) -> dict[str, UUID]:
    kept = {kind: vault.put(kind, value) for kind, value in RECORDS.items()}
    return kept | {CONFIGURATION_BACKUP: vault.put(CONFIGURATION_BACKUP, ARCHIVE)}


def require_whole(vault: Vault, ids: dict[str, UUID]) -> None:
    for kind, value in RECORDS.items():
        assert vault.get(ids[kind], kind=kind) == value
    assert vault.get_bytes(ids[CONFIGURATION_BACKUP]) == ARCHIVE


def test_every_record_is_sealed_anew_and_can_be_read(
    vault: Vault, ids: dict[str, UUID], tmp_path: Path
) -> None:
    key = (tmp_path / "vault.key").read_bytes()
    sealed = {each: vault._file.select(each) for each in ids.values()}
    assert vault.change_key() == len(ids)
    require_whole(vault, ids)
    assert (tmp_path / "vault.key").read_bytes() != key
    assert (tmp_path / "vault.key").stat().st_mode & 0o777 == 0o600
    assert not next_of(tmp_path / "vault.key").exists()
    for each, before in sealed.items():
        assert before is not None
        assert vault._file.select(each) != before
        stored = b"".join(f.read_bytes() for f in tmp_path.glob("vault.db*"))
        assert before[1] not in stored, "what the old key opens is gone"
    again = vault_in(tmp_path)
    require_whole(again, ids)
    again.close()


def test_the_old_key_opens_nothing_any_more(
    vault: Vault, ids: dict[str, UUID], tmp_path: Path
) -> None:
    old = (tmp_path / "vault.key").read_bytes()
    vault.change_key()
    (tmp_path / "vault.key").write_bytes(old)
    with pytest.raises(VaultKeyError, match="does not fit"):
        vault_in(tmp_path)


def test_marks_stay_what_they_are_since_the_log_has_them_for_good(
    vault: Vault, tmp_path: Path
) -> None:
    before = vault.mark("user name", "ada")
    for _ in range(2):
        vault.change_key()
        assert vault.mark("user name", "ada") == before
    again = vault_in(tmp_path)
    assert again.mark("user name", "ada") == before
    again.close()


def test_another_process_reads_and_writes_on(
    vault: Vault, ids: dict[str, UUID], tmp_path: Path
) -> None:
    other = vault_in(tmp_path)
    vault.change_key()
    require_whole(other, ids)
    vault.change_key()
    new_id = other.put("user", {"name": "Grace"})
    found = other.get_some([new_id, ids["user"]], kind="user")
    assert found == {new_id: {"name": "Grace"}, ids["user"]: RECORDS["user"]}
    assert vault.get(new_id) == {"name": "Grace"}
    vault.change_key()
    replaced = other.put("user", {"name": "Joan"}, record_id=ids["user"])
    assert vault.get(replaced) == {"name": "Joan"}
    other.close()


def test_others_read_all_the_while(
    vault: Vault, ids: dict[str, UUID], tmp_path: Path
) -> None:
    stop, wrong, seen = threading.Event(), list[BaseException](), [0, 0, 0]

    def look(number: int) -> None:
        try:
            while not stop.is_set():
                mine = vault_in(tmp_path) if number else vault
                require_whole(mine, ids)
                seen[number] += 1
                if number:
                    mine.close()
        except BaseException as error:  # noqa: BLE001 - told by the test
            wrong.append(error)

    threads = [threading.Thread(target=look, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        vault.change_key()
    stop.set()
    for thread in threads:
        thread.join(10)
    assert wrong == []
    assert all(seen)


def test_a_key_change_that_finds_no_room_changes_nothing(
    vault: Vault, ids: dict[str, UUID], tmp_path: Path
) -> None:
    file = vault._file
    assert isinstance(file, VaultFile)
    file._connection().execute("PRAGMA query_only = ON")
    with pytest.raises(VaultBusyError):
        vault.change_key()
    file._connection().execute("PRAGMA query_only = OFF")
    again = vault_in(tmp_path)
    require_whole(again, ids)
    assert again.change_key() == len(ids)
    require_whole(vault, ids)
    again.close()


def test_killed_at_any_line_it_leaves_everything_readable(
    vault: Vault, ids: dict[str, UUID], tmp_path: Path
) -> None:
    """Kill -9 before each line that it runs, in the order in which it runs them."""
    was_killed, killed_at = True, 0
    changed = unchanged = 0
    marks = vault.mark("user name", "ada")
    while was_killed:
        key = (tmp_path / "vault.key").read_bytes()
        was_killed = _killed_at(killed_at, lambda: vault_in(tmp_path).change_key())
        again = vault_in(tmp_path)
        require_whole(again, ids)
        assert again.mark("user name", "ada") == marks
        new_id = again.put("user", {"name": "Grace"})
        assert vault.get(new_id) == {"name": "Grace"}
        vault.erase(new_id)
        again.close()
        is_changed = (tmp_path / "vault.key").read_bytes() != key
        changed, unchanged = changed + is_changed, unchanged + (not is_changed)
        killed_at += 11
    assert killed_at > 150
    assert changed > 1, "also killed after the records had changed"
    assert unchanged > 8


def _killed_at(line: int, act: Callable[[], Any]) -> bool:
    """Do it in a child, killed before that line; False if it got to the end."""
    child = os.fork()
    if not child:
        left = [line]

        def trace(frame: FrameType, event: str, _: object) -> Any:
            name = Path(frame.f_code.co_filename).name
            if name not in {"vault.py", "vault_key.py", "vault_file.py", "durable.py"}:
                return None
            if event == "line":
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            act()
        finally:
            sys.settrace(None)
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
