"""Upgrades that stand where they stand, each told by the commands that lead there."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from domain.batch.batch import Batch, BatchTargets
from domain.batch.events import Started
from domain.batch.words import Plan, Target, operation_id_of
from domain.device.device import Device
from domain.device.events import FirmwareInstalled
from domain.device.words import Learned
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy
from tests.console.showroom.house import House
from tests.console.showroom.places import NEW, OLD, Places
from tests.domain import examples

OTHER_ROUTER = (
    "this is another router: the OpenWISP agent shows another UUID. Expected"
    " 5b1a2f1e-9c3b-4d53-9d7e-2f1f5ad2c001, found 0d5c9f6e-77aa-4a39-8b3a-b19d3c6f0042."
)
NO_MEMORY = (
    "not enough memory even after freeing some: found 5.1 MiB, needed 11.0 MiB (image"
    " and a margin of 4.0 MiB)"
)
INVALID = "the router's own image test refused the image: Image metadata not present"
OTHER_KEY = (
    "host key of 10.12.0.7 is SHA256:k3JgOMe0dQyIYyO0Gr3yV0B4m5TVB9q0C0pNqgW3s4k,"
    " expected SHA256:0Wc6m0WlM0yZT2c8gJtF0i4WcQ0Yd0m8yTQF7Z0XyYQ: if the router was"
    " replaced or reset, release the pinned key of the device first"
)
NEVER_BACK = (
    "the router never came back as it should (50 looks): 10.12.0.9 port 22: connection"
    " timed out"
)
OLD_AGAIN = (
    "the router came back with the old firmware 23.05.5 r24106-10cc5fcd00: expected"
    " revision r28427-6df0e3d02a. It did not flash, or it rolled back"
)
NOT_REACHED = "10.12.0.11 port 22: no route to host (tried 5 times)"


class Upgrade:
    """One operation that is told on, step by step, with the time each step takes."""

    def __init__(
        self, places: Places, device: Device, *, is_slow: bool = True, **said: Any
    ) -> None:
        """Begin it; one that `is_slow` takes its time, and is told step by step."""
        self.places, self.device, self.is_slow = places, device, is_slow
        self._house: House = places.house
        self.image_id = image_of(places, device)
        operation_id = said.pop("operation_id", None) or uuid4()
        self.operation = UpgradeOperation.start(
            operation_id,
            events.Started(
                device_id=device.id,
                image_id=self.image_id,
                at=self._house.clock.now(),
                **said,
            ),
        )
        if device.image_id != self.image_id:
            device.assign_firmware(self.image_id, firmware_id=uuid4())
        device.give(operation_id, self.image_id)

    @property
    def id(self) -> UUID:
        return self.operation.id

    def told(self, after_seconds: float = 0) -> "Upgrade":
        """Have all that has happened recorded."""
        if self.is_slow:
            self._house.tell(self.device, self.operation, after_seconds=after_seconds)
        return self

    def checking(self) -> "Upgrade":
        self.operation.begin_visit("runner-1", at=self._house.clock.now())
        self.told(1.3)
        found = msgspec.structs.replace(
            examples.identity_verified(),
            identity=self.device.mac_address,
            macs=(self.device.mac_address,),
            release=OLD,
            revision="r24106-10cc5fcd00",
            boot_id="1d6c3a53-1f80-4b0a-9c4f-2d1e6a0e1f11",
        )
        address = self.device.addresses[0]
        self.operation.note(
            msgspec.structs.replace(examples.connected(), address=address), found
        )
        self.operation.note(examples.image_compared())
        return self.told(2.1)

    def uploading(self, share: float = 0.42) -> "Upgrade":
        """Every obligation is owed from here on."""
        self.checking()
        self.operation.note(examples.memory_measured(), examples.switch_armed())
        self.operation.note(examples.services_stop_begun())
        self.operation.note(examples.upload_begun())
        self.told(1.0)
        self.operation.note(examples.upload_advanced(int(examples.IMAGE_BYTES / 9)))
        self.told(2.0)
        sent = int(examples.IMAGE_BYTES * share)
        self.operation.note(examples.upload_advanced(sent))
        return self.told(4.0)

    def flashing(self) -> "Upgrade":
        self.uploading(0.9)
        self.operation.note(examples.uploaded(), examples.image_accepted())
        self.told(1.1)
        now = self._house.clock.now()
        soon = now + timedelta(seconds=40)
        self.operation.begin_flash(
            command=examples.COMMAND, canary="/c", at=now, look_at=soon
        )
        return self.told(0.4)

    def rebooting(self) -> "Upgrade":
        self.flashing()
        later = self._house.clock.now() + timedelta(seconds=70)
        self.operation.observe(
            events.ConnectionLost(reason="the session ended as it should"),
            events.ReconnectAttempted(reason="no answer yet", look_at=later),
        )
        return self.told(31)

    def succeeded(self) -> "Upgrade":
        self.rebooting()
        now = self._house.clock.now()
        back = events.Reconnected(
            address=self.device.addresses[0],
            boot_id="9a7b3c00-5a35-4a51-a2f1-6f0e9b1c2d22",
            at=now,
        )
        proved = msgspec.structs.replace(
            examples.outcome_verified(),
            boot_id=back.boot_id,
            identity=self.device.mac_address,
            release=NEW,
            revision="r28427-6df0e3d02a",
            proved_by="new boot id and revision",
        )
        self.operation.observe(back, proved)
        self.told(48)
        self.operation.settle_by(SettledBy.REBOOT)
        self.operation.succeed()
        self.installed()
        return self.told(0.5)

    def failed(self, reason: str) -> "Upgrade":
        self.rebooting()
        self.operation.fail(reason)
        return self.told(600)

    def aborted(self, reason: str) -> "Upgrade":
        self.checking()
        self.operation.abort(reason)
        return self.told(0.3)

    def cancelled(self, by: UUID | None, *, owing: bool = False) -> "Upgrade":
        self.uploading()
        now = self._house.clock.now()
        self.operation.cancel(at=now, by=by)
        if owing:
            self.operation.postpone_settlement(
                cause="10.12.0.14 port 22: connection timed out",
                at=now,
                not_before=now + timedelta(minutes=4),
            )
        else:
            self.operation.settle_by(SettledBy.FLASHLOG)
        return self.told(1.2)

    def installed(self) -> None:
        self.device.install(
            FirmwareInstalled(
                image_id=self.image_id,
                operation_id=self.operation.id,
                release=NEW,
                revision="r28427-6df0e3d02a",
            )
        )
        self.device.learn(
            Learned(
                board=self.device.learned.board if self.device.learned else "",
                model=self.device.learned.model if self.device.learned else "",
                release=NEW,
                revision="r28427-6df0e3d02a",
            )
        )


def image_of(places: Places, device: Device) -> UUID:
    """Return the new image for a device that was visited, or any."""
    board = device.learned.board if device.learned else ""
    return places.images.get((NEW, board)) or next(iter(places.images.values()))


class Rollout:
    """A mass upgrade of devices; what becomes of each is told by who calls `let`."""

    def __init__(
        self, places: Places, devices: Sequence[Device], *, by: UUID, **plan: Any
    ) -> None:
        self._places, self._house = places, places.house
        self._by = by
        targets = BatchTargets.freeze(
            uuid4(), [Target(each.id, image_of(places, each)) for each in devices]
        )
        asked = Plan(
            build_id=places.builds[NEW],
            category_id=places.category,
            organization_id=places.home,
            **plan,
        )
        started = Started(
            plan=asked,
            targets_id=targets.id,
            total=len(devices),
            at=self._house.clock.now(),
            by=by,
        )
        self.batch = Batch.start(uuid4(), started)
        self._house.tell(*devices, targets, self.batch)

    def let(
        self, devices: Sequence[Device], live: Callable[[Upgrade], object] | None = None
    ) -> list[Upgrade]:
        """Give the next devices their operations, and let each live so far."""
        made = [
            Upgrade(
                self._places,
                each,
                operation_id=operation_id_of(self.batch.id, each.id),
                batch_id=self.batch.id,
                by=self._by,
                is_slow=False,
            )
            for each in devices
        ]
        self.batch.note_filled(len(devices))
        self._house.tell(*(each.operation for each in made), self.batch)
        for each in made:
            if live is not None:
                live(each)
        self._house.tell(*devices, *(each.operation for each in made))
        return made

    def count_failures(self, upgrades: Sequence[Upgrade]) -> None:
        for each in upgrades:
            self.batch.count_failure(each.id)
        self._house.tell(self.batch)
