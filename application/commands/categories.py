"""Kinds of firmware: make them, change them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from application.commands import running
from application.commands.builds import system_key
from application.commands.claims import Claims, Key
from application.commands.located import owners_of
from application.commands.standing import up_to_now
from application.flashlog import Flashlog
from domain.catalogue import Build, Category, CategoryChanged, CategoryCreated
from domain.errors import InvalidError

_NOT_UNIQUE = "The fields organization, name must make a unique set."
_USED_BY_OTHERS = (
    "Devices of other organizations have firmware of this category: remove it there "
    "first."
)
_SYSTEM_TAKEN = (
    "A build of this category has an OS identifier that another build of the "
    "organization has already."
)


def create_category(
    flashlog: Flashlog,
    *,
    name: str,
    organization_id: UUID | None = None,
    description: str = "",
    by: UUID | None = None,
) -> UUID:
    """Make a category. Raises InvalidError."""
    category_id = uuid4()
    created = CategoryCreated(
        name=name, organization_id=organization_id, description=description, by=by
    )

    def create() -> int:
        claims = Claims(flashlog)
        _take_name(claims, created.organization_id, created.name, category_id)
        category = Category.create(category_id, created)
        owners = owners_of(flashlog, created.organization_id)
        return flashlog.log.append(category, *claims.granted(), unchanged=owners)

    flashlog.show(flashlog.log.decide(create))
    return category_id


def change_category(
    flashlog: Flashlog,
    category_id: UUID,
    changes: Mapping[str, Any],
    *,
    by: UUID | None = None,
) -> None:
    """Change the fields that are given, named as those of CategoryChanged.

    Raises NotFoundError, InvalidError, and InUseError for a category that is given to
    another organization while upgrades of it run.
    """

    def change() -> int:
        category = flashlog.log.get(Category, category_id)
        before = category.organization_id
        changed = CategoryChanged(
            name=changes.get("name", category.name),
            organization_id=changes.get("organization_id", before),
            description=changes.get("description", category.description),
            by=by,
        )
        claims = Claims(flashlog)
        claims.release(name_key(before, category.name), category_id)
        _take_name(claims, changed.organization_id, changed.name, category_id)
        none_since = None
        owners = owners_of(flashlog, changed.organization_id)
        if changed.organization_id != before:
            none_since = up_to_now(flashlog, running.BELONGINGS)
            _move(flashlog, claims, category, changed.organization_id)
        category.change(changed)
        return flashlog.log.append(
            category, *claims.granted(), unchanged=owners, none_since=none_since
        )

    flashlog.show(flashlog.log.decide(change))


def name_key(organization_id: UUID | None, name: str) -> Key:
    return Key(f"organization/{organization_id}/category/name", name, exact=True)


def _take_name(
    claims: Claims, organization_id: UUID | None, name: str, category_id: UUID
) -> None:
    if not claims.take(name_key(organization_id, name), category_id):
        raise InvalidError.of("non_field_errors", _NOT_UNIQUE)


def _move(
    flashlog: Flashlog, claims: Claims, category: Category, organization_id: UUID | None
) -> None:
    """Give a category, with its builds, to another organization."""
    rows = flashlog.views.all("build", {"category_id": str(category.id)})
    builds = [row["id"] for row in rows]
    images = running.images_of(flashlog, builds)
    running.require_idle(flashlog, "The category", builds=builds, images=images)
    if running.devices_of_others(flashlog, images, organization_id):
        raise InvalidError.of("organization", _USED_BY_OTHERS)
    for build_id in map(UUID, builds):
        system = flashlog.log.get(Build, build_id).os
        if not system:
            continue
        claims.release(system_key(category.organization_id, system), build_id)
        if not claims.take(system_key(organization_id, system), build_id):
            raise InvalidError.of("organization", _SYSTEM_TAKEN)
