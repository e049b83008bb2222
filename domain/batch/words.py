"""The words a batch is told with."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID, uuid5

import msgspec

from domain.operation.words import Status


class BatchStatus(StrEnum):
    """How far a batch is; the last three are terminal."""

    IDLE = "idle"
    IN_PROGRESS = "in-progress"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a batch happens at the same moment, and when it holds itself.

    `uploads_max`, `uploads_per_location_max`: images on their way to routers.
    `reboots_max`: routers between their flash and its verified outcome.
    `failures_max`: failures after the flash before the batch holds itself; 0: never.
    """

    uploads_max: int = 8
    uploads_per_location_max: int = 2
    reboots_max: int = 20
    failures_max: int = 3


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for.

    `organization_id` is the category's, None for a shared one. The packages named in
    `expendable_packages` may be missing in the new image.
    """

    build_id: UUID
    category_id: UUID
    organization_id: UUID | None
    upgrade_all: bool = False
    group_id: UUID | None = None
    location_id: UUID | None = None
    options: dict[str, bool] = msgspec.field(default_factory=dict)
    limits: Limits = msgspec.field(default_factory=Limits)
    expendable_packages: tuple[str, ...] = ()


class Target(msgspec.Struct, frozen=True, array_like=True):
    """One device of a batch and the image that it is to run."""

    device_id: UUID
    image_id: UUID


def operation_id_of(batch_id: UUID, device_id: UUID) -> UUID:
    """Derive the id, so that filling a batch again makes no second operation."""
    return uuid5(batch_id, device_id.hex)


def status_of(
    counts: Mapping[str, int], *, is_filled: bool, is_cancelled: bool
) -> BatchStatus:
    """Tell how a batch is from its operations, counted by status."""
    total = sum(counts.values())
    if not (is_filled or is_cancelled):
        return BatchStatus.IN_PROGRESS if total else BatchStatus.IDLE
    if counts.get(Status.IN_PROGRESS):
        return BatchStatus.IN_PROGRESS
    if counts.get(Status.FAILED) or counts.get(Status.ABORTED):
        return BatchStatus.FAILED
    if counts.get(Status.CANCELLED) or not is_filled:
        return BatchStatus.CANCELLED
    return BatchStatus.SUCCESS if total else BatchStatus.FAILED
