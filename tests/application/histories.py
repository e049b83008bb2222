"""Histories by chance: a small fleet whose stories go on in any order.

Every step is one append by the commands of the aggregates themselves.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from application.log import EventLog
from domain.base import Aggregate
from domain.batch.batch import Batch, BatchTargets
from domain.batch.events import Started
from domain.batch.words import Plan, Target, operation_id_of
from domain.catalogue import (
    Build,
    BuildCreated,
    Category,
    CategoryCreated,
    FirmwareImage,
    ImageAdded,
)
from domain.device.device import Device
from domain.device.events import FirmwareInstalled
from domain.device.words import Learned
from domain.device_group import DeviceGroup, GroupDescription
from domain.errors import DomainError
from domain.location import Location, Place
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy
from domain.organization import DEFAULT_ORGANIZATION_ID, Organization
from tests.domain import examples

_REVISION = "r24106-10cc5fcd00"


def _find_it_installed(operation: UpgradeOperation) -> None:
    operation.begin_visit("runner-1")
    operation.note(examples.connected(), examples.image_compared(installed=True))
    operation.succeed("it was there already")


Step = Callable[[UpgradeOperation], None]
STEPS: tuple[Step, ...] = (
    lambda operation: operation.begin_visit("runner-1"),
    lambda operation: operation.note(examples.connected(), examples.switch_armed()),
    lambda operation: operation.note(examples.upload_begun()),
    lambda operation: operation.note(examples.upload_advanced()),
    lambda operation: operation.note(
        examples.identity_verified(), examples.uploaded(), examples.image_accepted()
    ),
    examples.begin_flash,
    _find_it_installed,
    _find_it_installed,
    lambda operation: operation.observe(examples.reconnect_attempted()),
    lambda operation: operation.observe(examples.outcome_verified()),
    lambda operation: operation.schedule_retry(
        cause="link lost", not_before=examples.later(60)
    ),
    lambda operation: operation.settle_by(SettledBy.FLASHLOG),
    lambda operation: operation.hold("restored"),
    lambda operation: operation.resume(at=examples.later(9)),
    lambda operation: operation.cancel(at=examples.later(7), by=examples.PERSON),
    lambda operation: operation.abort("wrong board"),
    lambda operation: operation.fail("never back"),
    lambda operation: operation.succeed(),
    lambda operation: operation.give_up_obligations(reason="gone"),
)


class History:
    """Goes on by one append at a time; `known` are the things there ever were."""

    def __init__(self, log: EventLog, chance: Random) -> None:
        self._log = log
        self._chance = chance
        self.known: defaultdict[type[Aggregate], set[UUID]] = defaultdict(set)
        self.known[Organization].add(DEFAULT_ORGANIZATION_ID)
        self._many: Sequence[tuple[Callable[[], Sequence[Aggregate]], int]] = (
            (self._operation_goes_on, 8),
            (self._device_changes, 5),
            (self._start, 3),
            (self._register, 2),
            (self._add_image, 1),
            (self._delete_of_the_catalogue, 2),
            (self._start_batch, 1),
            (self._batch_goes_on, 3),
            (self._found, 1),
            (self._make_a_place, 1),
        )

    def begin(self) -> None:
        """Let there be some of everything."""
        for step in (
            self._found,
            self._make_a_place,
            self._add_image,
            self._register,
            self._register,
            self._start_batch,
            self._batch_goes_on,
            self._start,
        ):
            self._do(step)

    def go_on(self) -> None:
        steps, weights = zip(*self._many, strict=True)
        (step,) = self._chance.choices(steps, weights)
        self._do(step)

    def _do(self, step: Callable[[], Sequence[Aggregate]]) -> None:
        changed: Sequence[Aggregate] = ()
        with suppress(DomainError, IndexError):
            # What is refused, or has nothing to happen to, does not happen.
            changed = step()
        self._log.append(*changed)
        for each in changed:
            self.known[type(each)].add(each.id)

    # --- operations -----------------------------------------------------------

    def _start(self) -> Sequence[Aggregate]:
        device_id = self._any(Device) if self._is_likely() else self._id()
        image_id = self._any(FirmwareImage) if self._is_likely() else self._id()
        started = examples.started(
            device_id=device_id, image_id=image_id, by=examples.PERSON
        )
        operation = UpgradeOperation.start(self._id(), started)
        device = self._log.find(Device, device_id)
        if device is None:
            return [operation]
        device.give(operation.id, image_id)
        if self._is_likely():
            device.assign_firmware(image_id, firmware_id=self._id())
        return [operation, device]

    def _operation_goes_on(self) -> Sequence[Aggregate]:
        operation = self._log.get(UpgradeOperation, self._any(UpgradeOperation))
        self._chance.choice(STEPS)(operation)
        device = self._log.find(Device, operation.device_id)
        if operation.status != "success" or device is None:
            return [operation]
        installed = FirmwareInstalled(
            image_id=operation.image_id,
            operation_id=operation.id,
            release="23.05.5",
            revision=_REVISION,
        )
        device.install(installed)
        device.learn(
            Learned(board="b", model="m", release="23.05.5", revision=_REVISION)
        )
        return [operation, device]

    # --- devices ---------------------------------------------------------------

    def _register(self) -> Sequence[Aggregate]:
        return [examples.device(self._id(), name=f"roof-{self._chance.randint(0, 99)}")]

    def _device_changes(self) -> Sequence[Aggregate]:
        device = self._log.find(Device, self._any(Device))
        if device is None:
            return []
        change = self._chance.choice(
            (self._visit, self._describe, self._switch, self._unassign, Device.delete)
        )
        change(device)
        return [device]

    def _visit(self, device: Device) -> None:
        release = f"23.05.{self._chance.randint(0, 3)}"
        device.learn(Learned(board="b", model="m", release=release, revision="r1"))

    def _describe(self, device: Device) -> None:
        """Rename it, put it somewhere, or give it to another organization."""
        place = {
            "name": f"roof-{self._chance.randint(0, 99)}",
            "organization_id": self._any(Organization),
            "location_id": self._one_or_none(Location),
            "group_id": self._one_or_none(DeviceGroup),
        }
        device.change(msgspec.structs.replace(device.description, **place))

    def _switch(self, device: Device) -> None:
        if device.is_active:
            device.deactivate()
        else:
            device.activate()

    def _unassign(self, device: Device) -> None:
        device.remove_firmware()

    # --- what devices refer to -------------------------------------------------

    def _add_image(self) -> Sequence[Aggregate]:
        owner = self._one_or_none(Organization)
        category = Category.create(
            self._id(), CategoryCreated(name="WiFi", organization_id=owner)
        )
        build = Build.create(
            self._id(), BuildCreated(category_id=category.id, version="1.0")
        )
        image_id = self._id()
        added = ImageAdded(
            build_id=build.id,
            file_name="image.bin",
            type="image.bin",
            sha256=image_id.hex * 2,
            size_bytes=1,
            boards=("b",),
        )
        return [category, build, FirmwareImage.add(image_id, added)]

    def _delete_of_the_catalogue(self) -> Sequence[Aggregate]:
        kinds: Any = (FirmwareImage, FirmwareImage, Build, Category)
        kind = self._chance.choice(kinds)
        found = self._log.find(kind, self._any(kind))
        if found is None:
            return []
        found.delete()
        return [found]

    def _found(self) -> Sequence[Aggregate]:
        new = self._id()
        return [Organization.found(new, name=new.hex, slug=new.hex)]

    def _make_a_place(self) -> Sequence[Aggregate]:
        """Make a group and a location, or delete one."""
        kind: Any = self._chance.choice((DeviceGroup, Location))
        found = self._log.find(kind, self._any(kind)) if self._is_likely() else None
        if found is not None:
            found.delete()
            return [found]
        owner = self._any(Organization)
        group = GroupDescription(name="roofs", organization_id=owner)
        place = Place(name="hill", organization_id=owner, type="outdoor")
        return [
            DeviceGroup.create(self._id(), group),
            Location.create(self._id(), place),
        ]

    # --- batches ---------------------------------------------------------------

    def _start_batch(self) -> Sequence[Aggregate]:
        build = self._log.get(Build, self._any(Build))
        category = self._log.get(Category, build.category_id)
        ids = sorted(self.known[Device])[:3]
        targets = [Target(each, self._any(FirmwareImage)) for each in ids]
        frozen = BatchTargets.freeze(self._id(), targets)
        plan = Plan(
            build_id=build.id,
            category_id=category.id,
            organization_id=category.organization_id,
            group_id=self._one_or_none(DeviceGroup),
            location_id=self._one_or_none(Location),
        )
        started = Started(
            plan=plan, targets_id=frozen.id, total=len(targets), at=examples.AT
        )
        return [Batch.start(self._id(), started), frozen]

    def _batch_goes_on(self) -> Sequence[Aggregate]:
        batch = self._log.get(Batch, self._any(Batch))
        step = self._chance.choice((self._fill, self._fill, self._hold, self._cancel))
        return [batch, *step(batch)]

    def _fill(self, batch: Batch) -> Sequence[Aggregate]:
        if not batch.is_filling:
            return []
        targets = self._log.get(BatchTargets, batch.targets_id).targets
        begun = []
        for target in targets[batch.filled : batch.filled + 1]:
            started = examples.started(
                device_id=target.device_id, image_id=target.image_id, batch_id=batch.id
            )
            operation_id = operation_id_of(batch.id, target.device_id)
            begun.append(UpgradeOperation.start(operation_id, started))
        batch.note_filled(len(begun))
        return begun

    def _hold(self, batch: Batch) -> Sequence[Aggregate]:
        if batch.held:
            batch.resume()
        else:
            batch.hold("a person said so", by=examples.PERSON)
        return []

    def _cancel(self, batch: Batch) -> Sequence[Aggregate]:
        batch.cancel(by=examples.PERSON)
        return []

    # --- chance ----------------------------------------------------------------

    def _is_likely(self) -> bool:
        return self._chance.random() < 0.8

    def _any(self, kind: type[Aggregate]) -> UUID:
        """Choose one, also of those that were deleted. Raises IndexError for none."""
        return self._chance.choice(sorted(self.known[kind]))

    def _one_or_none(self, kind: type[Aggregate]) -> UUID | None:
        is_one = self.known[kind] and self._chance.random() < 0.7
        return self._any(kind) if is_one else None

    def _id(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128), version=4)
