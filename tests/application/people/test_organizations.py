"""Organizations, memberships and groups; who raced whom."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from time import thread_time
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.commands.changing_users import (
    UserChanges,
    change_password,
    change_user,
    erase_user,
)
from application.commands.deleting_organizations import delete_organization
from application.commands.groups import create_group
from application.commands.memberships import set_membership
from application.commands.organizations import (
    SlugTakenError,
    change_organization,
    find_organization,
    found_organization,
)
from application.commands.rebuilding import rebuild_views
from application.commands.users import find_user, log_in, token_of
from application.flashlog import Flashlog
from application.persons import person_in
from application.queries.people import ERASED, name_of
from application.queries.users import account_of_token, account_of_user
from domain.catalogue import Category, CategoryCreated
from domain.errors import InvalidError, NotFoundError, RefusedError
from domain.organization import Organization
from domain.user import User
from tests.application.houses import all_rows, kept_in_vault
from tests.application.people.accounts import an_account


def an_organization(flashlog: Flashlog, slug: str = "own") -> UUID:
    return found_organization(flashlog, {"name": slug, "slug": slug})


def a_manager(flashlog: Flashlog, org: UUID, name: str = "maria") -> UUID:
    user_id = an_account(flashlog, name)
    set_membership(flashlog, user_id=user_id, organization_id=org, is_admin=True)
    return user_id


def owner_of(flashlog: Flashlog, org: UUID) -> UUID | None:
    return flashlog.log.get(Organization, org).owner_id


def test_of_many_who_take_a_slug_at_once_one_gets_it(flashlog: Flashlog) -> None:
    together = Barrier(4)

    def take(_: int) -> bool:
        together.wait(60)
        try:
            an_organization(flashlog)
        except SlugTakenError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(4))) == [False, False, False, True]


def test_groups_made_at_once_have_numbers_of_their_own(flashlog: Flashlog) -> None:
    together = Barrier(4)

    def make(number: int) -> int:
        together.wait(60)
        return create_group(flashlog, name=f"group {number}")

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(make, range(4))) == [3, 4, 5, 6]


def test_of_many_first_managers_one_owns_the_organization(flashlog: Flashlog) -> None:
    org = an_organization(flashlog)
    users = [an_account(flashlog, f"user-{number}") for number in range(4)]
    together = Barrier(4)

    def manage(user_id: UUID) -> None:
        together.wait(60)
        set_membership(flashlog, user_id=user_id, organization_id=org, is_admin=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(manage, users))

    owners = [
        event.owner_id  # type: ignore[attr-defined]
        for event in (entry.event for entry in flashlog.log.story(org))
        if event.TOPIC == "Organization:OwnerChanged"
    ]
    assert len(owners) == 1
    assert owners[0] in users


@pytest.mark.parametrize("round_", range(5))
def test_whoever_is_made_the_owner_is_not_removed_at_the_same_moment(
    flashlog: Flashlog, round_: int
) -> None:
    org = an_organization(flashlog)
    a_manager(flashlog, org, "first")
    user_id = a_manager(flashlog, org, f"second-{round_}")
    membership = flashlog.log.get(User, user_id).memberships[org]
    together = Barrier(2)

    def make_owner() -> None:
        together.wait(60)
        owner = {"organization_user": membership.membership_id}
        change_organization(flashlog, organization_id=org, changes={}, owner=owner)

    def remove() -> None:
        together.wait(60)
        changes = UserChanges(membership=(org, True))
        change_user(flashlog, user_id=user_id, changes=changes)

    def refused(task: Callable[[], None]) -> bool:
        try:
            task()
        except InvalidError:
            return True
        return False

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(refused, (make_owner, remove))) == [False, True]
    is_in = org in flashlog.log.get(User, user_id).memberships
    assert is_in is (owner_of(flashlog, org) == user_id)


def test_nobody_joins_an_organization_that_is_deleted_at_the_same_moment(
    flashlog: Flashlog,
) -> None:
    org, user_id = an_organization(flashlog), an_account(flashlog)
    together = Barrier(2)

    def join() -> None:
        together.wait(60)
        with suppress(NotFoundError):
            set_membership(
                flashlog, user_id=user_id, organization_id=org, is_admin=True
            )

    def delete() -> None:
        together.wait(60)
        delete_organization(flashlog, organization_id=org)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(join), pool.submit(delete)]:
            done.result(20)
    account = account_of_user(flashlog.views, user_id)
    assert account
    assert not account.manages


def test_an_organization_that_just_got_something_is_not_deleted(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = an_organization(flashlog)
    show = flashlog.show
    added: list[int] = []

    def show_and_add(position: int) -> bool:
        shown = show(position)
        if not added:
            created = CategoryCreated(name="WiFi", organization_id=org)
            added.append(flashlog.log.append(Category.create(uuid4(), created)))
        return shown

    monkeypatch.setattr(flashlog, "show", show_and_add)

    with pytest.raises(RefusedError, match="categories"):
        delete_organization(flashlog, organization_id=org)
    assert added


def test_an_organization_is_found_by_its_slug(flashlog: Flashlog) -> None:
    org = an_organization(flashlog)

    assert find_organization(flashlog, "own") == org
    with pytest.raises(NotFoundError, match="organization list"):
        find_organization(flashlog, "foreign")


def test_a_changed_person_is_a_new_record_and_the_old_one_is_erased(
    flashlog: Flashlog,
) -> None:
    user_id = an_account(flashlog)
    before = flashlog.log.get(User, user_id).person_id
    kept = kept_in_vault(flashlog)
    change_user(
        flashlog, user_id=user_id, changes=UserChanges(person={"bio": "counts"})
    )

    after = flashlog.log.get(User, user_id).person_id
    assert after != before
    assert person_in(flashlog.vault, after).bio == "counts"
    with pytest.raises(NotFoundError):
        person_in(flashlog.vault, before)
    assert kept_in_vault(flashlog) == kept


def test_changes_at_once_are_all_kept_and_leave_one_record(flashlog: Flashlog) -> None:
    user_id = an_account(flashlog)
    kept = kept_in_vault(flashlog)
    together = Barrier(4)
    fields = ("bio", "notes", "company", "location")

    def change(field: str) -> None:
        together.wait(60)
        changes = UserChanges(person={field: field})
        change_user(flashlog, user_id=user_id, changes=changes)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, fields))

    person = person_in(flashlog.vault, flashlog.log.get(User, user_id).person_id)
    assert [getattr(person, field) for field in fields] == list(fields)
    assert kept_in_vault(flashlog) == kept


def test_a_record_that_is_erased_while_it_is_looked_for_is_looked_for_anew(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = an_account(flashlog)
    get = flashlog.vault.get
    overtaken: list[UUID] = []

    def get_too_late(record_id: UUID, **kind: Any) -> dict[str, Any]:
        if not overtaken:
            overtaken.append(record_id)
            changes = UserChanges(person={"bio": "first"})
            change_user(flashlog, user_id=user_id, changes=changes)
        return get(record_id, **kind)

    monkeypatch.setattr(flashlog.vault, "get", get_too_late)
    changes = UserChanges(person={"notes": "second"})
    change_user(flashlog, user_id=user_id, changes=changes)

    person = person_in(flashlog.vault, flashlog.log.get(User, user_id).person_id)
    assert (person.bio, person.notes) == ("first", "second")


def test_a_change_that_changes_nothing_is_no_event(flashlog: Flashlog) -> None:
    user_id, org = an_account(flashlog), an_organization(flashlog)
    end = flashlog.log.end()
    change_user(flashlog, user_id=user_id, changes=UserChanges())
    change_organization(flashlog, organization_id=org, changes={"name": "own"})

    assert flashlog.log.end() == end


def test_an_erased_person_leaves_an_id_and_a_free_name(flashlog: Flashlog) -> None:
    org = an_organization(flashlog)
    kept = kept_in_vault(flashlog)
    user_id = a_manager(flashlog, org)
    token = token_of(flashlog, user_id=user_id)
    erase_user(flashlog, user_id=user_id)

    assert kept_in_vault(flashlog) == kept
    assert account_of_token(flashlog.views, token) is None
    assert owner_of(flashlog, org) is None
    assert name_of(flashlog, user_id) == ERASED
    with pytest.raises(NotFoundError):
        find_user(flashlog, "maria")
    with pytest.raises(NotFoundError):
        erase_user(flashlog, user_id=user_id)
    assert an_account(flashlog) != user_id


def test_another_password_opens_the_account(flashlog: Flashlog) -> None:
    user_id = an_account(flashlog)
    change_password(flashlog, user_id=user_id, password="new")

    assert log_in(flashlog, username="maria", password="new") == user_id


def test_people_come_out_of_a_rebuild_as_they_were(flashlog: Flashlog) -> None:
    org = an_organization(flashlog)
    a_manager(flashlog, org)
    erase_user(flashlog, user_id=a_manager(flashlog, org, "gone"))
    create_group(flashlog, name="watchers", permissions=["view_device"])
    delete_organization(flashlog, organization_id=an_organization(flashlog, "gone"))
    before = all_rows(flashlog.views)
    rebuild_views(flashlog)

    assert all_rows(flashlog.views) == before


def test_an_account_is_found_within_a_millisecond_among_many(
    flashlog: Flashlog,
) -> None:
    org = an_organization(flashlog)
    token = token_of(flashlog, user_id=a_manager(flashlog, org))
    with flashlog._views.writing() as connection:
        connection.executemany(
            "INSERT INTO account (id, person_id, password_id, token_hash, is_superuser,"
            " is_staff, is_active, group_numbers, position, created, modified)"
            " VALUES (?, '', '', ?, 0, 0, 1, '[1]', ?, '', '')",
            [(f"u{number}", f"t{number}", number) for number in range(5000)],
        )
        connection.executemany(
            "INSERT INTO membership (id, parent_id, place, organization_id, is_admin)"
            " VALUES (?, ?, 0, ?, 1)",
            [(f"m{number}", f"u{number}", str(org)) for number in range(5000)],
        )

    def seconds() -> float:
        begun = thread_time()
        assert account_of_token(flashlog.views, token)
        return thread_time() - begun

    assert min(seconds() for _ in range(50)) < 0.001
