"""What processes of an installation share, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier, Event
from uuid import UUID, uuid4

import pytest

from application.adapters.kept import Kept
from application.adapters.storage import Storage
from application.adapters.vault import CONFIGURATION_BACKUP
from application.errors import StorageError
from domain.errors import NotFoundError
from tests.adapters.databases import KINDS
from tests.adapters.storages import Open, given_storages


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    with given_storages(request, tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def one(opened: Open) -> Storage:
    return opened()


@pytest.fixture
def other(opened: Open) -> Storage:
    return opened()


# --- roles ---------------------------------------------------------------------------


def is_free(storage: Storage, role: str = "role") -> bool:
    with storage.locks.alone(role) as hold:
        return bool(hold)


def test_one_is_alone_in_a_role_among_threads_and_processes(
    one: Storage, other: Storage
) -> None:
    with one.locks.alone("role") as hold:
        assert hold
        assert not is_free(one)
        assert not is_free(other)
        assert is_free(other, "another")
    assert is_free(other)
    assert is_free(one)


def test_any_number_may_be_among_each_other_and_nobody_alone_then(
    one: Storage, other: Storage
) -> None:
    with ExitStack() as stack:
        for storage in (one, one, other):
            stack.enter_context(storage.locks.among("role"))
        assert not is_free(one)
        assert not is_free(other)
    assert is_free(one)
    assert is_free(other)


def test_who_comes_to_others_waits_for_who_is_alone(
    one: Storage, other: Storage
) -> None:
    has_come = Event()

    def come(storage: Storage) -> None:
        with storage.locks.among("role", when_first=lambda: None):
            has_come.set()

    with ThreadPoolExecutor(2) as pool:
        with one.locks.alone("role"):
            coming = [pool.submit(come, storage) for storage in (one, other)]
            assert not has_come.wait(0.1)
        for each in coming:
            each.result(60)
    assert has_come.is_set()


def test_one_of_many_that_come_at_once_prepares(one: Storage, other: Storage) -> None:
    prepared: list[int] = []
    together = Barrier(6)

    def come(number: int) -> None:
        storage = (one, other)[number % 2]
        with storage.locks.among("role", when_first=lambda: prepared.append(number)):
            together.wait(60)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(come, range(6)))
    assert len(prepared) == 1


def test_work_ends_when_it_is_told_to(one: Storage) -> None:
    stop = Event()
    with one.locks.alone("role") as hold:
        ending = hold.ending(stop)
        assert not ending.is_set()
        assert not ending.wait(0.01)
        stop.set()
        assert ending.is_set()
        assert ending.wait(60)


# --- presence ------------------------------------------------------------------------


def test_who_is_present_is_known_to_all(one: Storage, other: Storage) -> None:
    def is_any(role: str, seconds: float = 5) -> bool:
        return other.presence.is_any(role, silent_seconds_max=seconds)

    assert not is_any("runner")
    with one.presence.of("runner"), one.presence.of("runner"):
        assert other.presence.count("runner", silent_seconds_max=5) >= 1
        assert other.presence.count("projector", silent_seconds_max=5) == 0
        assert is_any("runner")
        assert not is_any("projector")
        assert not is_any("runner", seconds=-1)
    assert not is_any("runner")


# --- small things --------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["kept", "secrets"])
def test_small_things_are_kept_for_all(one: Storage, other: Storage, kind: str) -> None:
    mine: Kept = getattr(one, kind)
    yours: Kept = getattr(other, kind)

    assert yours.load("thing") is None
    mine.save("thing", b"\0 1")
    assert yours.load("thing") == b"\0 1"
    yours.save("thing", b"2")
    assert mine.save_first("thing", b"3") == b"2"
    mine.forget("thing")
    mine.forget("thing")
    assert yours.load("thing") is None
    assert yours.save_first("thing", b"4") == b"4"
    assert mine.load("thing") == b"4"


def test_of_many_that_make_the_same_thing_one_does(opened: Open) -> None:
    storages = [opened() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda each: each.session_key(), storages))
        signing = list(pool.map(lambda each: each.signing_key("x").text, storages))

    assert len(set(keys)) == len(set(signing)) == 1
    assert len(keys[0]) == 32


# --- the vault -----------------------------------------------------------------------


def test_what_one_puts_into_the_vault_the_other_gets(
    one: Storage, other: Storage
) -> None:
    kept = one.vault.put("secret", {"password": "a", "port": 22})
    archive = one.vault.put(CONFIGURATION_BACKUP, b"\0\xff" * 100_000)

    assert other.vault.get(kept, kind="secret") == {"password": "a", "port": 22}
    assert other.vault.get_bytes(archive) == b"\0\xff" * 100_000
    assert other.vault.get_some([kept, uuid4()], kind="secret").keys() == {kept}
    assert other.vault.get_some([kept], kind="other") == {}
    assert other.vault.ids(["secret", "nothing"]) == {kept}
    other.vault.put("secret", {"password": "b"}, record_id=kept)
    assert one.vault.get(kept) == {"password": "b"}
    assert one.vault.mark("p", "x") == other.vault.mark("p", "x")
    with pytest.raises(NotFoundError):
        one.vault.get(kept, kind="another")


def test_what_is_erased_is_gone_for_all(one: Storage, other: Storage) -> None:
    for kind in ("secret", CONFIGURATION_BACKUP):
        kept = one.vault.put(kind, b"x")
        assert other.vault.erase(kept)
        assert not other.vault.erase(kept)
        with pytest.raises(NotFoundError):
            one.vault.get_bytes(kept)
    assert one.vault.put_first("k", b"1", record_id=UUID(int=1)) == b"1"
    assert other.vault.put_first("k", b"2", record_id=UUID(int=1)) == b"1"


# --- the tree ------------------------------------------------------------------------


def test_who_was_overtaken_signs_nothing(one: Storage, other: Storage) -> None:
    from application.adapters.audit_store import KeptCheckpoint

    one.tree().grow({(0, 0): b"a" * 64}, [KeptCheckpoint(2, "n", "v")])
    with pytest.raises(StorageError, match="somebody else has signed 2 events"):
        other.tree().grow({(0, 0): b"b" * 32}, [KeptCheckpoint(1, "n", "v")])

    assert other.tree().tile(0, 0) == b"a" * 64
    newest = other.tree().newest()
    assert newest
    assert (newest.size, newest.note) == (2, "n")
