"""Plays a recording to a Flashlog of its own, and compares what is told of it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

import msgspec

from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from application.procedure.advance import advance
from application.recordings.lines import OpenedLine
from application.recordings.operation_file import recorded_operation
from application.settings import Settings
from application.simulation.playback import Playback
from application.simulation.recording import Recording
from domain.catalogue import (
    Build,
    BuildCreated,
    Category,
    CategoryCreated,
    FirmwareImage,
    ImageAdded,
    ManifestAttached,
)
from domain.credentials import Credentials, CredentialsCreated
from domain.device.device import Device
from domain.device.events import Registered
from domain.device.words import Connection
from domain.operation.operation import UpgradeOperation
from domain.organization import DEFAULT_ORGANIZATION_ID

# What every log has anew: times, ids, and the hash of what is not in a recording.
_NEW = {
    "at",
    "backup_id",
    "batch_id",
    "by",
    "device_id",
    "expendable_packages",
    "image_id",
    "look_at",
    "not_before",
    "retry_of",
    "runner",
    "seconds",
}


class Played:
    """A Flashlog whose only router is that of a recording.

    Without `image` there is one of the same size that holds nothing but zeros; that
    is enough unless an upload went on where another one had been cut. It is closed at
    the end of its block.
    """

    def __init__(
        self, directory: Path, lines: Iterable[bytes], *, image: bytes | None = None
    ) -> None:
        self.recording = Recording.read(lines)
        self.playback = Playback(self.recording)
        of_visits = self.recording.visits[0].line.settings
        settings = Settings(data_dir=directory, **of_visits)
        self.flashlog = Flashlog(
            settings, clock=self.playback.clock, connector=self.playback
        )
        head = self.recording.head
        image_id = self._add_image(msgspec.convert(head.image, ImageAdded), image)
        self.operation_id = start_upgrade(
            self.flashlog,
            device_id=self._add_device(),
            image_id=image_id,
            options=dict(head.options),
            expendable_packages=head.expendable_packages,
        )
        self.playback.play_as(self.operation_id, self.flashlog.installation)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flashlog.close()

    def play(self) -> None:
        """Visit the router as often as it was visited."""
        while self.playback.begin():
            operation = self._operation()
            if operation.next_visit_at:
                self.playback.clock.start_from(operation.next_visit_at)
            advance(self.flashlog, self.operation_id, runner="player")
            assert not self.playback.difference, self.playback.difference

    def happened(self) -> list[dict[str, Any]]:
        """Return what the played operation tells, without what is new in every log."""
        return [
            plain(
                entry.event.TOPIC, msgspec.json.decode(msgspec.json.encode(entry.event))
            )
            for entry in self.flashlog.log.story(self.operation_id)
        ]

    def recorded(self) -> list[dict[str, Any]]:
        """Return what the recorded operation told, likewise."""
        return [
            plain(
                line.type,
                msgspec.json.decode(self.playback.named(bytes(line.data).decode())),
            )
            for line in self.recording.events
        ]

    def lines(self) -> Sequence[bytes]:
        """Record what was played."""
        return list(recorded_operation(self.flashlog, self.operation_id))

    def _operation(self) -> UpgradeOperation:
        return self.flashlog.log.get(UpgradeOperation, self.operation_id)

    def _add_image(self, facts: ImageAdded, image: bytes | None) -> UUID:
        images = self.flashlog.images
        with (images.directory / facts.sha256).open("wb") as file:
            file.write(image or b"")
            file.truncate(facts.size_bytes)
        said = self.recording.head.build
        category = Category.create(
            uuid4(), CategoryCreated(name="any", organization_id=None)
        )
        created = BuildCreated(
            category_id=category.id,
            version="1",
            health_checks=tuple(said["health_checks"]),
        )
        build = Build.create(uuid4(), created)
        for target, packages in said["manifests"].items():
            build.attach(ManifestAttached(target=target, packages=packages))
        added = msgspec.structs.replace(facts, build_id=build.id, by=None)
        stored = FirmwareImage.add(uuid4(), added)
        self.flashlog.log.append(category, build, stored)
        return stored.id

    def _add_device(self) -> UUID:
        said = self.recording.head.device
        connections, stories = [], []
        for credentials_id in self._credentials_ids():
            secret_id = self.flashlog.vault.put("secret", {"password": "any password"})
            created = CredentialsCreated(
                name=str(credentials_id),
                organization_id=DEFAULT_ORGANIZATION_ID,
                username="root",
                port=22,
                secret_id=secret_id,
            )
            stories.append(Credentials.create(credentials_id, created))
            connections.append(
                Connection(connection_id=uuid4(), credentials_id=credentials_id)
            )
        registered = Registered(
            name="recorded",
            organization_id=DEFAULT_ORGANIZATION_ID,
            mac_address=said["mac_address"],
            addresses=tuple(said["addresses"]),
            agent_uuid=UUID(said["agent_uuid"]) if said["agent_uuid"] else None,
            connections=tuple(connections),
        )
        device = Device.register(uuid4(), registered)
        if said["enrolled_uuid"]:
            device.enroll(UUID(said["enrolled_uuid"]))
        self.flashlog.log.append(device, *stories)
        return device.id

    def _credentials_ids(self) -> Sequence[UUID]:
        opened = (
            act
            for visit in self.recording.visits
            for act in visit.acts
            if isinstance(act, OpenedLine)
        )
        ids = [act.credentials_id for act in opened if act.credentials_id]
        return list(dict.fromkeys(ids)) or [uuid4()]


def plain(topic: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return an event without what is new in every log."""
    new = set(_NEW)
    if topic in {
        "UpgradeOperation:ConfigurationBackedUp",
        "UpgradeOperation:VisitRecorded",
    }:
        new |= {"sha256"}
    if topic == "UpgradeOperation:VisitRecorded":
        new |= {"size_bytes"}
    kept = {key: value for key, value in data.items() if key not in new}
    return {"type": topic} | kept
