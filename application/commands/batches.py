"""Mass upgrades: who is upgraded, and the start."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import msgspec

from application.access import Account
from application.commands.idempotency import NO_KEY, RequestKey
from application.errors import NotFoundError, RefusedError
from application.flashlog import Flashlog
from application.image_contents import packages_of_image
from application.projections.views import Row
from application.queries.selection import Lacking, Selection, select
from application.settings import Settings
from domain.batch.batch import Batch, BatchTargets
from domain.batch.events import Started
from domain.batch.words import Limits, Plan
from domain.catalogue import Build, Category
from domain.options import UpgradeOptions
from domain.packages import lacking


class NoTargetsError(RefusedError):
    """No device would be upgraded; nothing was started."""


class SelectionChangedError(RefusedError):
    """Others would be upgraded than those that were agreed to; nothing was started."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a mass upgrade; a limit of None is that of the settings."""

    upgrade_all: bool = False
    group_id: UUID | None = None
    location_id: UUID | None = None
    options: Any = None
    uploads_max: int | None = None
    uploads_per_location_max: int | None = None
    reboots_max: int | None = None
    failures_max: int | None = None
    expendable_packages: tuple[str, ...] = ()


def selected(
    flashlog: Flashlog, account: Account, build_id: UUID, wish: Wish
) -> Selection:
    """Return who would be upgraded if it were started now. Raises NotFoundError."""
    build = _build_row(flashlog, build_id)
    return select(
        flashlog.views,
        account,
        build,
        group_id=wish.group_id,
        location_id=wish.location_id,
        lacking=_lacking(flashlog, wish),
    )


def dangers(options: Any) -> tuple[str, ...]:
    """Say why a person must confirm these options. Raises InvalidError."""
    return UpgradeOptions.parse(options).needs_confirmation


def start_batch(
    flashlog: Flashlog,
    account: Account,
    *,
    build_id: UUID,
    wish: Wish,
    key: RequestKey = NO_KEY,
    agreed: str = "",
) -> UUID:
    """Start a mass upgrade; its operations are made in the background.

    Who is upgraded is decided here and now; `agreed` is the mark of the selection
    that it must be, if any. Raises NotFoundError, InvalidError, KeyUsedError,
    SelectionChangedError, and NoTargetsError where nobody would be upgraded.
    """
    options = UpgradeOptions.parse(wish.options).as_mapping()

    def start() -> tuple[UUID, int]:
        # Nobody deletes the build, or gives it away, in the same moment.
        catalogued = flashlog.log.get(Build, build_id)
        unchanged = [catalogued, flashlog.log.get(Category, catalogued.category_id)]
        # What was said until now is what is selected from.
        flashlog.show(flashlog.log.end())
        build = _build_row(flashlog, build_id)
        _check_filters(flashlog, build, wish)
        found = selected(flashlog, account, build_id, wish)
        targets = found.targets(upgrade_all=wish.upgrade_all)
        if agreed and found.mark(upgrade_all=wish.upgrade_all) != agreed:
            msg = "The devices that would be upgraded have changed meanwhile."
            raise SelectionChangedError(msg)
        if not targets:
            msg = "No devices found that this build is for and that lack it."
            raise NoTargetsError(msg)
        frozen = BatchTargets.freeze(uuid4(), targets)
        started = Started(
            plan=Plan(
                build_id=build_id,
                category_id=UUID(build["category_id"]),
                organization_id=_optional(build["organization_id"]),
                upgrade_all=wish.upgrade_all,
                group_id=wish.group_id,
                location_id=wish.location_id,
                options=options,
                limits=_limits(flashlog.settings, wish),
                expendable_packages=wish.expendable_packages,
            ),
            targets_id=frozen.id,
            total=len(targets),
            at=flashlog.clock.now(),
            by=account.user_id,
        )
        batch = Batch.start(uuid4(), started)
        used = key.of(flashlog, batch.id)
        return batch.id, flashlog.log.append(batch, frozen, *used, unchanged=unchanged)

    batch_id, position = flashlog.log.decide(start)
    flashlog.show(position)
    return batch_id


def _lacking(flashlog: Flashlog, wish: Wish) -> Lacking:
    """Return how to tell which of a device's packages would be lost."""
    keeps_all = UpgradeOptions.parse(wish.options).o

    @cache
    def contained_in(image_id: str) -> Mapping[str, str] | None:
        return packages_of_image(flashlog.log, UUID(image_id))

    # Many devices, few different lists of packages.
    @cache
    def lacks(image_id: str, packages: str) -> Sequence[str]:
        contained = contained_in(image_id)
        if keeps_all or contained is None:
            return ()
        installed = msgspec.json.decode(packages, type=list[str])
        return lacking(
            installed, contained=contained, expendable=wish.expendable_packages
        )

    return lacks


def _build_row(flashlog: Flashlog, build_id: UUID) -> Row:
    found = flashlog.views.rows(
        "SELECT build.*, category.organization_id FROM build"
        " JOIN category ON category.id = build.category_id WHERE build.id = ?",
        [str(build_id)],
    )
    if not found:
        msg = f"there is no build {build_id}"
        raise NotFoundError(msg)
    return found[0]


def _check_filters(flashlog: Flashlog, build: Row, wish: Wish) -> None:
    """Refuse a group or location of another organization than the category's."""
    owner = build["organization_id"]
    for table, thing_id in (
        ("device_group", wish.group_id),
        ("location", wish.location_id),
    ):
        row = flashlog.views.one(table, str(thing_id)) if thing_id else None
        if owner and row is not None and row["organization_id"] != owner:
            word = table.removeprefix("device_")
            msg = (
                f"The organization of the {word} is not that of the category of the "
                "build."
            )
            raise NoTargetsError(msg)


def _limits(settings: Settings, wish: Wish) -> Limits:
    def limit(name: str) -> int:
        asked = getattr(wish, name)
        return int(getattr(settings, name) if asked is None else asked)

    return Limits(**{name: limit(name) for name in Limits.__struct_fields__})


def _optional(text: str | None) -> UUID | None:
    return UUID(text) if text else None
