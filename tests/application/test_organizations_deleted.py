"""An organization is deleted just before something is given to it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.commands.categories import change_category, create_category
from application.commands.changing_users import UserChanges, change_user
from application.commands.credentials import (
    CredentialsFacts,
    NewCredentials,
    add_credentials,
    change_credentials,
)
from application.commands.deleting_organizations import delete_organization
from application.commands.device_changes import change_device
from application.commands.device_groups import (
    GroupDescription,
    change_group,
    create_group,
)
from application.commands.locations import Place, change_location, create_location
from application.commands.memberships import set_membership
from application.commands.organizations import change_organization, found_organization
from application.commands.users import add_user
from application.errors import InvalidError, LogBusyError, NotFoundError
from application.flashlog import Flashlog
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.houses import a_device, an_image, opened

Act = Callable[[UUID], object]

OWNED = (
    "device",
    "category",
    "credentials",
    "device_group",
    "location",
    "membership",
)


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path) as flashlog:
        yield flashlog


def owned_by(flashlog: Flashlog, organization_id: UUID) -> list[str]:
    return [
        table
        for table in OWNED
        if flashlog.views.rows(
            f"SELECT 1 FROM {table} WHERE organization_id = ?", [str(organization_id)]
        )
    ]


def a_place(organization_id: UUID) -> Place:
    return Place(organization_id=organization_id, name="roof", type="outdoor")


def made(flashlog: Flashlog) -> Sequence[tuple[str, Act]]:
    """Everything that may be made for an organization."""

    def group(org: UUID) -> object:
        return create_group(flashlog, GroupDescription(name="g", organization_id=org))

    def credentials(org: UUID) -> object:
        login = NewCredentials(password="secret")
        return add_credentials(flashlog, login, organization_id=org)

    return (
        ("device", lambda org: a_device(flashlog, organization_id=org)),
        (
            "category",
            lambda org: create_category(flashlog, name="WiFi", organization_id=org),
        ),
        ("image", lambda org: an_image(flashlog, organization_id=org)),
        ("group", group),
        ("location", lambda org: create_location(flashlog, a_place(org))),
        ("credentials", credentials),
    )


def given(flashlog: Flashlog) -> Sequence[tuple[str, Act]]:
    """Everything that may be given to another organization."""
    own = DEFAULT_ORGANIZATION_ID
    device_id = a_device(flashlog, credentials_ids=())
    category_id = create_category(flashlog, name="WiFi")
    group_id = create_group(flashlog, GroupDescription(name="g", organization_id=own))
    location_id = create_location(flashlog, a_place(own))
    login = NewCredentials(password="secret")
    credentials_id = add_credentials(flashlog, login, organization_id=None)

    def credentials(org: UUID) -> None:
        facts = CredentialsFacts(name="c", organization_id=org)
        change_credentials(flashlog, credentials_id, facts)

    def to(change: Any, thing_id: UUID) -> Act:
        return lambda org: change(flashlog, thing_id, {"organization_id": org})

    return (
        ("device", to(change_device, device_id)),
        ("category", to(change_category, category_id)),
        ("group", to(change_group, group_id)),
        ("location", to(change_location, location_id)),
        ("credentials", credentials),
    )


def joined(flashlog: Flashlog) -> Sequence[tuple[str, Act]]:
    user_id = add_user(flashlog, username="maria", password="open sesame")

    def change(org: UUID) -> None:
        changes = UserChanges(membership=(org, False))
        change_user(flashlog, user_id=user_id, changes=changes)

    def join(org: UUID) -> None:
        set_membership(flashlog, user_id=user_id, organization_id=org, is_admin=False)

    return (("changed", change), ("joined", join))


@pytest.mark.parametrize("ways", [made, given, joined])
def test_nothing_is_given_to_an_organization_that_has_just_been_deleted(
    flashlog: Flashlog,
    monkeypatch: pytest.MonkeyPatch,
    ways: Callable[[Flashlog], Sequence[tuple[str, Act]]],
) -> None:
    append = flashlog.log.append
    for name, act in ways(flashlog):
        org = found_organization(flashlog, {"name": name, "slug": name})

        def delete_first(*saved: Any, org: UUID = org, **others: Any) -> int:
            monkeypatch.undo()
            delete_organization(flashlog, organization_id=org)
            return append(*saved, **others)

        monkeypatch.setattr(flashlog.log, "append", delete_first)
        with pytest.raises((InvalidError, NotFoundError), match=r"(?i)organization"):
            act(org)
        assert not owned_by(flashlog, org), name


def test_none_is_deleted_while_it_is_not_known_what_it_owns(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = found_organization(flashlog, {"name": "own", "slug": "own"})
    monkeypatch.setattr(flashlog, "show", lambda _: False)

    with pytest.raises(LogBusyError, match="try again"):
        delete_organization(flashlog, organization_id=org)
    monkeypatch.undo()
    change_organization(flashlog, organization_id=org, changes={"name": "still here"})
