"""Accounts, passwords and tokens; what is personal is in the vault alone."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from application import passwords
from application.commands.users import (
    WrongCredentialsError,
    add_user,
    find_user,
    local_user,
    log_in,
    token_of,
)
from application.flashlog import Flashlog
from application.queries.users import account_of_token
from domain.errors import InvalidError, NotFoundError, RefusedError
from domain.user import User
from tests.application.houses import kept_in_vault
from tests.application.people.accounts import an_account


def deactivate(flashlog: Flashlog, user_id: UUID) -> None:
    user = flashlog.log.get(User, user_id)
    user.deactivate()
    flashlog.show(flashlog.log.append(user))


# --- accounts ------------------------------------------------------------------------


def test_an_account_is_found_by_its_name_in_any_case(flashlog: Flashlog) -> None:
    user_id = an_account(flashlog)

    assert find_user(flashlog, "Maria").id == user_id


def test_neither_name_nor_password_enters_log_or_read_models(
    flashlog: Flashlog,
) -> None:
    user_id = an_account(flashlog, email="m@example.org")
    token = token_of(flashlog, user_id=user_id)
    directory = flashlog.settings.data_dir
    flashlog.close()

    for path in directory.glob("*.sqlite*"):
        content = path.read_bytes()
        for word in ("maria", "m@example.org", "sesame", token):
            assert word.encode() not in content, path.name


def test_every_wrong_field_is_told_at_once(flashlog: Flashlog) -> None:
    with pytest.raises(InvalidError) as refusal:
        add_user(flashlog, username="", password=" ")

    assert set(refusal.value.fields) == {"username", "password"}


def test_a_name_is_given_once_and_nothing_of_the_second_is_kept(
    flashlog: Flashlog,
) -> None:
    an_account(flashlog)
    kept = kept_in_vault(flashlog)

    with pytest.raises(InvalidError) as refusal:
        an_account(flashlog, "MARIA")

    assert set(refusal.value.fields) == {"username"}
    assert kept_in_vault(flashlog) == kept


def test_an_e_mail_is_given_once_in_any_case(flashlog: Flashlog) -> None:
    an_account(flashlog, email="m@example.org")

    with pytest.raises(InvalidError) as refusal:
        an_account(flashlog, "paul", email="M@Example.org")

    assert set(refusal.value.fields) == {"email"}


def test_of_many_that_take_the_same_name_one_gets_it(flashlog: Flashlog) -> None:
    together = Barrier(4)

    def take(_: int) -> bool:
        together.wait(60)
        try:
            an_account(flashlog)
        except InvalidError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(4))) == [False, False, False, True]


def test_an_unknown_name_says_how_to_make_it(flashlog: Flashlog) -> None:
    with pytest.raises(NotFoundError, match="`flashlog user add` makes one"):
        find_user(flashlog, "nobody")


def test_the_user_of_the_operating_system_has_one_account(flashlog: Flashlog) -> None:
    user_id = local_user(flashlog)

    assert local_user(flashlog) == user_id
    assert flashlog.log.get(User, user_id).is_superuser


# --- log in --------------------------------------------------------------------------


def test_the_right_password_lets_in(flashlog: Flashlog) -> None:
    user_id = an_account(flashlog)

    assert log_in(flashlog, username="maria", password="open sesame") == user_id


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("maria", "wrong"),
        ("maria", ""),
        ("nobody", "open sesame"),
        ("\ud800", "open sesame"),
        ("maria", "\ud800"),
    ],
)
def test_anything_else_does_not_and_says_no_more(
    flashlog: Flashlog, username: str, password: str
) -> None:
    an_account(flashlog)

    with pytest.raises(WrongCredentialsError) as refusal:
        log_in(flashlog, username=username, password=password)

    assert str(refusal.value) == ""


def test_who_was_deactivated_or_erased_is_not_let_in(flashlog: Flashlog) -> None:
    deactivate(flashlog, an_account(flashlog, "maria"))
    erased = flashlog.log.get(User, an_account(flashlog, "erased"))
    flashlog.vault.erase(erased.password_id)

    for username in ("maria", "erased"):
        with pytest.raises(WrongCredentialsError):
            log_in(flashlog, username=username, password="open sesame")


def test_the_account_of_the_operating_system_opens_with_no_password(
    flashlog: Flashlog,
) -> None:
    user = flashlog.log.get(User, local_user(flashlog))
    name = flashlog.vault.get(user.person_id)["username"]

    for password in ("", " ", "$"):
        with pytest.raises(WrongCredentialsError):
            log_in(flashlog, username=name, password=password)


@pytest.mark.parametrize("username", ["maria", "nobody", "local"])
def test_a_refusal_costs_the_same_whoever_is_named(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch, username: str
) -> None:
    an_account(flashlog)
    if username == "local":
        user = flashlog.log.get(User, local_user(flashlog))
        username = flashlog.vault.get(user.person_id)["username"]
    hashed: list[str] = []
    digest = passwords._digest

    def counted(password: str, salt: bytes) -> str:
        hashed.append(password)
        return digest(password, salt)

    monkeypatch.setattr(passwords, "_digest", counted)

    with pytest.raises(WrongCredentialsError):
        log_in(flashlog, username=username, password="wrong")

    assert len(hashed) == 1


# --- tokens --------------------------------------------------------------------------


def test_a_token_is_the_same_each_time_and_leads_to_its_user(
    flashlog: Flashlog,
) -> None:
    user_id = an_account(flashlog)

    token = token_of(flashlog, user_id=user_id)

    assert token_of(flashlog, user_id=user_id) == token
    account = account_of_token(flashlog.views, token)
    assert account
    assert account.user_id == user_id
    assert account_of_token(flashlog.views, "0" * 40) is None


def test_of_many_first_questions_for_a_token_all_get_the_same(
    flashlog: Flashlog,
) -> None:
    user_id = an_account(flashlog)
    kept = kept_in_vault(flashlog)
    together = Barrier(4)

    def ask(_: int) -> str:
        together.wait(60)
        return token_of(flashlog, user_id=user_id)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(4)))) == 1
    assert kept_in_vault(flashlog) == kept + 1


def test_who_was_deactivated_gets_no_token(flashlog: Flashlog) -> None:
    user_id = an_account(flashlog)
    deactivate(flashlog, user_id)
    kept = kept_in_vault(flashlog)

    with pytest.raises(RefusedError):
        token_of(flashlog, user_id=user_id)

    assert kept_in_vault(flashlog) == kept
