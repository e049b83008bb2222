"""Plays a recording over SSH to a Flashlog of its own."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from application.commands.devices import (
    NewCredentials,
    NewDevice,
    add_credentials,
    add_device,
)
from application.commands.images import NewImage, add_image
from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from application.procedure.advance import advance
from application.procedure.check import check_device
from application.settings import Settings
from application.simulation.recording import Recording
from application.simulation.replayed import ReplayedRouter
from domain.operation.operation import UpgradeOperation
from tests.procedure.world import QUICK
from tests.recordings.playing import plain

# What is another thing over another link: where it was, and in which words it failed.
_OF_THE_LINK = {
    "address",
    "cause",
    "credentials_id",
    "host_key_fingerprint",
    "host_key_type",
    "reason",
}
# How far an upload was at what time.
_OF_PACE = {"UpgradeOperation:UploadAdvanced"}
_LIMIT_SECONDS = 60.0


class PlayedOverSsh:
    """What came of a recording that a router played; `difference` is the first one."""

    def __init__(
        self, directory: Path, lines: Iterable[bytes], *, image: bytes, **settings: Any
    ) -> None:
        recording = Recording.read(lines)
        own = recording.visits[0].line.settings
        self.settings = Settings(data_dir=directory, **{**QUICK, **own, **settings})
        with ReplayedRouter(recording) as router:
            self.flashlog = Flashlog(self.settings)
            self.operation_id = self._start(router, image)
            self._visit(router)
            assert router.wait(_LIMIT_SECONDS), router.left
            self.difference = router.difference
            self.left = router.left
        self.happened = [
            _of_any_link(entry.event.TOPIC, msgspec.json.encode(entry.event))
            for entry in self.flashlog.log.story(self.operation_id)
            if entry.event.TOPIC not in _OF_PACE
        ]
        self.recorded = [
            _of_any_link(line.type, router.prompter.named(bytes(line.data).decode()))
            for line in recording.events
            if line.type not in _OF_PACE
        ]
        self.flashlog.close()

    def _start(self, router: ReplayedRouter, image: bytes) -> UUID:
        head, flashlog = router.recording.head, self.flashlog
        login = NewCredentials(
            username=router.username, password=router.password, port=router.port
        )
        agent_uuid = head.device["agent_uuid"]
        new = NewDevice(
            name="roof",
            mac_address=head.device["mac_address"],
            addresses=(router.host,),
            credentials_ids=(add_credentials(flashlog, login),),
            agent_uuid=UUID(agent_uuid) if agent_uuid else None,
        )
        device_id = add_device(flashlog, new)
        named = NewImage(file_name=head.image["file_name"])
        # To look around first is no part of any recording.
        assert check_device(flashlog, device_id).facts
        return start_upgrade(
            flashlog,
            device_id=device_id,
            image_id=add_image(flashlog, named, [image]),
            options=dict(head.options),
        )

    def _visit(self, router: ReplayedRouter) -> None:
        deadline = time.monotonic() + _LIMIT_SECONDS
        while not (operation := self._operation()).is_settled:
            if router.difference:
                return
            assert time.monotonic() < deadline, operation.phase
            if operation.next_visit_at is not None:
                due = operation.next_visit_at - self.flashlog.clock.now()
                time.sleep(max(0.0, due.total_seconds()))
            advance(self.flashlog, self.operation_id, runner="player")

    def _operation(self) -> UpgradeOperation:
        return self.flashlog.log.get(UpgradeOperation, self.operation_id)


def _of_any_link(topic: str, data: bytes | str) -> dict[str, Any]:
    told = plain(topic, msgspec.json.decode(data))
    return {key: value for key, value in told.items() if key not in _OF_THE_LINK}
