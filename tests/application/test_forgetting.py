"""A crash between vault and log leaves nothing in the vault that nobody needs."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any, Never
from uuid import UUID

import pytest

from application.adapters.vault import CONFIGURATION_BACKUP
from application.commands.changing_users import (
    UserChanges,
    change_password,
    change_user,
    erase_user,
)
from application.commands.credentials import (
    CredentialsFacts,
    NewCredentials,
    add_credentials,
    change_credentials,
    delete_credentials,
)
from application.commands.device_changes import change_device
from application.commands.device_lifecycle import deactivate_device, delete_device
from application.commands.keeping import kept_if_recorded
from application.commands.log_in_parameters import read_log_in
from application.commands.operations import start_upgrade
from application.commands.users import add_user, token_of
from application.flashlog import Flashlog
from application.forgetting import forget_leftovers, forgetting
from domain.errors import NotFoundError
from domain.operation.events import ConfigurationBackedUp
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.houses import (
    a_device,
    an_image,
    kept_in_vault,
    opened,
    operation_of,
)

_SEAL = 1


class KilledError(BaseException):
    """The process is gone."""


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path) as flashlog:
        yield flashlog


def killed(*_: object, **__: object) -> Never:
    raise KilledError


def a_user(flashlog: Flashlog) -> UUID:
    return add_user(flashlog, username="maria", password="open sesame")


def a_login(flashlog: Flashlog) -> UUID:
    return add_credentials(flashlog, NewCredentials(password="secret", name="c"))


def another_secret(flashlog: Flashlog, credentials_id: UUID) -> None:
    log_in = read_log_in({"username": "root", "password": "another"})
    own = DEFAULT_ORGANIZATION_ID
    facts = CredentialsFacts(name="c", organization_id=own, log_in=log_in)
    change_credentials(flashlog, credentials_id, facts)


def a_keyed_device(flashlog: Flashlog) -> UUID:
    return a_device(flashlog, credentials_ids=(), key="its-key")


# --- killed before the log names it ------------------------------------------


@pytest.mark.parametrize("make", [a_user, a_login, a_keyed_device])
def test_what_the_log_never_came_to_name_is_forgotten(
    flashlog: Flashlog,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Flashlog], object],
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(flashlog.log, "append", killed)
        dying.setattr(flashlog.vault, "erase", killed)
        with pytest.raises(KilledError):
            make(flashlog)
    flashlog.show(flashlog.log.end())
    assert kept_in_vault(flashlog) > _SEAL

    assert forget_leftovers(flashlog)

    assert kept_in_vault(flashlog) == _SEAL


def test_a_backup_that_no_upgrade_names_is_forgotten(flashlog: Flashlog) -> None:
    named, left = (
        flashlog.vault.put(CONFIGURATION_BACKUP, archive) for archive in (b"a", b"b")
    )
    device_id, image_id = a_device(flashlog), an_image(flashlog)
    operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    operation = operation_of(flashlog, operation_id)
    operation.begin_visit("one", at=datetime.now(UTC))
    operation.note(
        ConfigurationBackedUp(backup_id=named, sha256="0" * 64, size_bytes=1)
    )
    flashlog.show(flashlog.log.append(operation))

    assert forget_leftovers(flashlog)

    assert flashlog.vault.get_bytes(named) == b"a"
    with pytest.raises(NotFoundError):
        flashlog.vault.get_bytes(left)


# --- killed after the log needs it no more -----------------------------------


def renamed(flashlog: Flashlog, user_id: UUID) -> None:
    changes = UserChanges(person={"username": "mary"})
    change_user(flashlog, user_id=user_id, changes=changes)


def with_password(flashlog: Flashlog, user_id: UUID) -> None:
    change_password(flashlog, user_id=user_id, password="another one")


def erased(flashlog: Flashlog, user_id: UUID) -> None:
    erase_user(flashlog, user_id=user_id)


def with_another_key(flashlog: Flashlog, device_id: UUID) -> None:
    change_device(flashlog, device_id, {"key": "another-key"})


def deleted(flashlog: Flashlog, device_id: UUID) -> None:
    deactivate_device(flashlog, device_id)
    delete_device(flashlog, device_id)


@pytest.mark.parametrize(
    ("make", "change"),
    [
        (a_user, renamed),
        (a_user, with_password),
        (a_user, erased),
        (a_login, another_secret),
        (a_login, delete_credentials),
        (a_keyed_device, with_another_key),
        (a_keyed_device, deleted),
    ],
)
def test_what_the_log_needs_no_more_is_forgotten(
    tmp_path: Path,
    flashlog: Flashlog,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Flashlog], UUID],
    change: Callable[[Flashlog, UUID], Any],
) -> None:
    with opened(tmp_path / "undisturbed") as undisturbed:
        change(undisturbed, make(undisturbed))
        expected = kept_in_vault(undisturbed)
    made = make(flashlog)
    with monkeypatch.context() as dying:
        dying.setattr(flashlog.vault, "erase", killed)
        with pytest.raises(KilledError):
            change(flashlog, made)
    flashlog.show(flashlog.log.end())
    assert kept_in_vault(flashlog) > expected

    assert forget_leftovers(flashlog)

    assert kept_in_vault(flashlog) == expected


# --- what is needed ----------------------------------------------------------


def test_what_is_needed_is_kept(flashlog: Flashlog) -> None:
    user_id = a_user(flashlog)
    token = token_of(flashlog, user_id=user_id)
    a_login(flashlog)
    a_keyed_device(flashlog)
    kept = kept_in_vault(flashlog)

    assert forget_leftovers(flashlog)

    assert kept_in_vault(flashlog) == kept
    assert token_of(flashlog, user_id=user_id) == token


def test_nothing_is_forgotten_while_the_read_models_do_not_show_it(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.forgetting._LIMIT_SECONDS", 0.0)
    monkeypatch.setattr(flashlog, "show", lambda _: False)
    a_login(flashlog)
    kept = kept_in_vault(flashlog)

    assert not forget_leftovers(flashlog)

    assert kept_in_vault(flashlog) == kept


def test_nothing_is_forgotten_while_somebody_keeps_something(
    flashlog: Flashlog,
) -> None:
    with kept_if_recorded(flashlog) as keep:
        keep("secret", {"password": "not in the log yet"})
        assert not forget_leftovers(flashlog)

    assert kept_in_vault(flashlog) == _SEAL + 1


def test_a_runner_tries_until_it_is_known(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.forgetting._PAUSE_SECONDS", 0.01)
    flashlog.show(flashlog.log.end())
    flashlog.vault.put("secret", {"password": "left"})
    tried, is_done = Event(), Event()
    alone, erase = flashlog.alone, flashlog.vault.erase

    def try_alone(role: str) -> Any:
        tried.set()
        return alone(role)

    def erase_at_last(record_id: UUID) -> bool:
        found = erase(record_id)
        is_done.set()
        return found

    monkeypatch.setattr(flashlog, "alone", try_alone)
    monkeypatch.setattr(flashlog.vault, "erase", erase_at_last)
    with ThreadPoolExecutor(1) as pool:
        with kept_if_recorded(flashlog):
            ended = pool.submit(_forget_until, flashlog, is_done)
            assert tried.wait(60)
            assert not is_done.is_set()
        assert ended.result(60)
    assert kept_in_vault(flashlog) == _SEAL


def _forget_until(flashlog: Flashlog, is_done: Event) -> bool:
    with forgetting(flashlog):
        return is_done.wait(60)
