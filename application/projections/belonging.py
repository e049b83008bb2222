"""To which organization the events of a thing belong: decided here for every kind.

A thing has an organization of its own or belongs where another one does: an operation
goes with its device, an image with its build. So a router that changes hands takes its
whole history along. A batch stays with the organization that it was started for, whose
routers it names. What is deleted goes on to belong where it belonged, so that its last
event reaches those whom it was about.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from application.adapters.database import Connection
from application.projections.rows.shown import Row, optional
from application.projections.writing import stored, write
from domain.base import Aggregate
from domain.batch.batch import Batch, BatchTargets
from domain.catalogue import Build, Category, FirmwareImage
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device_group import DeviceGroup
from domain.group import Group
from domain.idempotency import IdempotencyKey
from domain.known_host import KnownHost
from domain.location import Location
from domain.operation.operation import UpgradeOperation
from domain.organization import Organization
from domain.recordings import Recordings
from domain.reservation import Reservation
from domain.user import User


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a thing belongs: to an organization, or to another thing."""

    organization_id: UUID | None = None
    parent_id: UUID | None = None
    batch_id: UUID | None = None


Places = Mapping[UUID, Place]


class Rule(msgspec.Struct, frozen=True):
    """Whose the events of one kind of aggregate are.

    `model` is what may be viewed by who is to see them; with a blank one nobody but
    superusers sees them. `places` also says where things belong that cannot say it
    themselves. `is_shareable`: what has no organization is seen by all.
    """

    model: str
    places: Callable[[Any], Places] = lambda _: {}
    is_shareable: bool = False


def _own(thing: Any) -> Places:
    return {thing.id: Place(organization_id=thing.organization_id)}


def _of_organization(organization: Organization) -> Places:
    return {organization.id: Place(organization_id=organization.id)}


def _of_build(build: Build) -> Places:
    return {build.id: Place(parent_id=build.category_id)}


def _of_image(image: FirmwareImage) -> Places:
    return {image.id: Place(parent_id=image.build_id)}


def _of_operation(operation: UpgradeOperation) -> Places:
    place = Place(parent_id=operation.device_id, batch_id=operation.batch_id)
    return {operation.id: place}


def _of_batch(batch: Batch) -> Places:
    return {
        batch.id: Place(organization_id=batch.plan.organization_id),
        batch.targets_id: Place(parent_id=batch.id),
    }


# Names of people, keys that are taken and hosts on the way to routers of anybody are
# nothing that a tenant is told of. A batch of a shared category has routers of all.
RULES: Mapping[type[Aggregate], Rule] = {
    Organization: Rule("organization", _of_organization),
    Category: Rule("category", _own, is_shareable=True),
    Build: Rule("build", _of_build, is_shareable=True),
    FirmwareImage: Rule("firmwareimage", _of_image, is_shareable=True),
    Device: Rule("device", _own),
    DeviceGroup: Rule("devicegroup", _own),
    Location: Rule("location", _own),
    Credentials: Rule("credentials", _own, is_shareable=True),
    UpgradeOperation: Rule("upgradeoperation", _of_operation),
    Batch: Rule("batchupgradeoperation", _of_batch),
    BatchTargets: Rule("batchupgradeoperation"),
    User: Rule(""),
    Group: Rule(""),
    Recordings: Rule(""),
    Reservation: Rule(""),
    KnownHost: Rule(""),
    IdempotencyKey: Rule(""),
}

_NOBODYS = Rule("")


def rule_of(kind: type[Aggregate]) -> Rule:
    """Return whose events these are; of a kind that no rule knows, nobody's."""
    return RULES.get(kind, _NOBODYS)


def note_belongings(connection: Connection, aggregates: Iterable[Aggregate]) -> None:
    """Write where things belong by now."""
    rows: dict[str, Row] = {
        str(thing_id): {
            "id": str(thing_id),
            "organization_id": optional(place.organization_id),
            "parent_id": optional(place.parent_id),
            "batch_id": optional(place.batch_id),
        }
        for aggregate in aggregates
        for thing_id, place in rule_of(type(aggregate)).places(aggregate).items()
    }
    before = stored(connection, "belonging", rows)
    write(connection, "belonging", list(rows.values()), before)
