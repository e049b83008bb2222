"""Builds of a category: make them, change them, say what is in them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from application.commands import running
from application.commands.claims import Claims, Key
from application.commands.standing import up_to_now
from application.flashlog import Flashlog
from domain.catalogue import (
    Build,
    BuildChanged,
    BuildCreated,
    Category,
    ManifestAttached,
)
from domain.errors import InvalidError

_NOT_UNIQUE = "The fields category, version must make a unique set."
_SYSTEM_TAKEN = "Another build of this organization has this OS identifier already."
_USED_BY_OTHERS = (
    "Devices of other organizations have firmware of this build: remove it there first."
)


def create_build(
    flashlog: Flashlog,
    *,
    category_id: UUID,
    version: str,
    by: UUID | None = None,
    **others: Any,
) -> UUID:
    """Make a build; `others` are the other fields of BuildCreated.

    Raises NotFoundError for its category, InvalidError.
    """
    build_id = uuid4()
    created = BuildCreated(category_id=category_id, version=version, by=by, **others)

    def create() -> int:
        category = flashlog.log.get(Category, created.category_id)
        claims = Claims(flashlog)
        _take(claims, build_id, category, created)
        build = Build.create(build_id, created)
        return flashlog.log.append(build, *claims.granted(), unchanged=[category])

    flashlog.show(flashlog.log.decide(create))
    return build_id


def change_build(
    flashlog: Flashlog,
    build_id: UUID,
    changes: Mapping[str, Any],
    *,
    by: UUID | None = None,
) -> None:
    """Change the fields that are given, named as those of BuildChanged.

    Raises NotFoundError, InvalidError, and InUseError for a build that is put in
    another category while upgrades of it run.
    """

    def change() -> int:
        build = flashlog.log.get(Build, build_id)
        before = flashlog.log.get(Category, build.category_id)
        changed = BuildChanged(
            category_id=changes.get("category_id", build.category_id),
            version=changes.get("version", build.software_version),
            os=changes.get("os", build.os),
            changelog=changes.get("changelog", build.changelog),
            health_checks=changes.get("health_checks", build.health_checks),
            by=by,
        )
        after = flashlog.log.get(Category, changed.category_id)
        claims = Claims(flashlog)
        give_back(claims, build, before)
        _take(claims, build_id, after, changed)
        none_since = None
        if after.id != before.id:
            none_since = up_to_now(flashlog, running.BELONGINGS)
            _check_move(flashlog, build_id, after)
        build.change(changed)
        return flashlog.log.append(
            build, *claims.granted(), unchanged=[after], none_since=none_since
        )

    flashlog.show(flashlog.log.decide(change))


def demand_health(
    flashlog: Flashlog,
    build_id: UUID,
    health_checks: tuple[str, ...],
    *,
    by: UUID | None = None,
) -> None:
    """Put health checks in the place of those there are.

    Raises NotFoundError, InvalidError.
    """

    def demand() -> int:
        build = flashlog.log.get(Build, build_id)
        if build.health_checks != health_checks:
            build.demand(health_checks, by=by)
        return flashlog.log.append(build)

    flashlog.show(flashlog.log.decide(demand))


def attach_manifest(
    flashlog: Flashlog, build_id: UUID, manifest: ManifestAttached
) -> None:
    """Say which packages the images of a target have. Raises NotFoundError."""

    def attach() -> int:
        build = flashlog.log.get(Build, build_id)
        build.attach(manifest)
        return flashlog.log.append(build)

    flashlog.show(flashlog.log.decide(attach))


def version_key(category_id: UUID, version: str) -> Key:
    return Key(f"category/{category_id}/build/version", version, exact=True)


def system_key(organization_id: UUID | None, os: str) -> Key:
    return Key(f"organization/{organization_id}/build/os", os, exact=True)


def type_key(build_id: UUID, type_name: str) -> Key:
    """Return the key of one of its images."""
    return Key(f"build/{build_id}/image/type", type_name, exact=True)


def give_back(claims: Claims, build: Build, category: Category) -> None:
    """Let others have what a build alone could have until now."""
    claims.release(version_key(category.id, build.software_version), build.id)
    if build.os:
        claims.release(system_key(category.organization_id, build.os), build.id)


def _take(
    claims: Claims,
    build_id: UUID,
    category: Category,
    said: BuildCreated | BuildChanged,
) -> None:
    if not claims.take(version_key(category.id, said.version), build_id):
        raise InvalidError.of("non_field_errors", _NOT_UNIQUE)
    if said.os and not claims.take(
        system_key(category.organization_id, said.os), build_id
    ):
        raise InvalidError.of("os", _SYSTEM_TAKEN)


def _check_move(flashlog: Flashlog, build_id: UUID, category: Category) -> None:
    images = running.images_of(flashlog, [build_id])
    running.require_idle(flashlog, "The build", builds=[str(build_id)], images=images)
    if running.devices_of_others(flashlog, images, category.organization_id):
        raise InvalidError.of("category", _USED_BY_OTHERS)
