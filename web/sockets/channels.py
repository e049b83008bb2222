"""Channels of operations, batches and devices: every save is told to who listens.

A save goes to the channel of the device first, then to that of the operation, then to
that of the batch.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from application.feed.batches import (
    BatchProgress,
    batch_of_event,
    batch_progress,
    names_of_member,
)
from application.feed.occurrence import Occurrence
from application.feed.operations import OperationStories, Told, is_of_operation, saves
from application.flashlog import Flashlog
from application.queries.belonging import Belonging
from web.representation import operation_object, timestamp
from web.sockets.client import Client
from web.sockets.frames import News, text_frame


class Kind(StrEnum):
    """What a channel is about; its value is the model that must be seen for it."""

    OPERATION = "upgradeoperation"
    BATCH = "batchupgradeoperation"
    DEVICE = "device"


class Key(NamedTuple):
    """What is followed; of a batch, also whose operations are told: None for all."""

    kind: Kind
    thing_id: UUID
    organizations: frozenset[str] | None = None

    def sees(self, organization_id: str | None) -> bool:
        return self.organizations is None or organization_id in self.organizations


_TURNS = (Kind.DEVICE, Kind.OPERATION, Kind.BATCH)


class Channels:
    """Who listens to which operation, batch and device. Guarded by the follower."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._views = flashlog.views
        self._stories = OperationStories(flashlog.log)
        self._clients: defaultdict[Key, set[Client]] = defaultdict(set)
        self._keys: dict[Client, Key] = {}
        self._ids: frozenset[str] = frozenset()
        self._batches: defaultdict[UUID, list[Key]] = defaultdict(list)
        self._news: defaultdict[Key, list[tuple[int, bytes]]] = defaultdict(list)

    def enter(self, client: Client, key: Key) -> None:
        self._clients[key].add(client)
        self._keys[client] = key
        self._note_ids()

    def leave(self, client: Client) -> None:
        key = self._keys.pop(client, None)
        if key is not None:
            self._clients[key].discard(client)
            if not self._clients[key]:
                del self._clients[key]
            self._note_ids()

    def tell(self, occurrences: Sequence[Occurrence]) -> None:
        if not self._clients:
            return
        progress = _Progress(self)
        self._news.clear()
        for save in saves(occurrences):
            if self._ids.isdisjoint(save[0].belonging.about):
                continue
            if is_of_operation(save[0]):
                told = self._stories.after(save)
                self._tell_of_operation(told, save[0].belonging, progress)
            elif batch_id := batch_of_event(save[0]):
                last = save[-1]
                frame = progress.frame(str(batch_id), at=last.entry.recorded_at)
                for key in self._batches.get(batch_id, ()):
                    self._note(key, last.position, frame)

        # What is news for one channel goes out at once, however many saves it was.
        for key in sorted(self._news, key=lambda key: _TURNS.index(key.kind)):
            news = News(self._news[key])
            for client in self._clients.get(key, ()):
                client.push(news)

    def _tell_of_operation(
        self, told: Told, belonging: Belonging, progress: "_Progress"
    ) -> None:
        batch_id = told.row["batch_id"]
        if told.is_creation and not batch_id:
            return
        # After the terminal update there is no further one; what is settled later
        # comes under a name of its own, which older clients ignore.
        kind = "obligation_update" if told.is_afterword else "operation_update"
        shown = msgspec.Raw(msgspec.json.encode(operation_object(told.row, told.lines)))
        at = told.recorded_at
        device = Key(Kind.DEVICE, UUID(told.row["device_id"]))
        if device in self._clients:
            self._note(device, told.position, device_frame(kind, shown, at=at))
        operation = Key(Kind.OPERATION, told.operation_id)
        if operation in self._clients:
            self._note(operation, told.position, operation_frame(kind, shown, at=at))
        if not batch_id or told.is_afterword:
            return
        # A router may have gone to another organization since.
        all_ = self._batches.get(UUID(batch_id), ())
        batches = [key for key in all_ if key.sees(belonging.organization_id)]
        if batches:
            names = names_of_member(self._views, told.row)
            frames = _member_frame(told, names) + progress.frame(batch_id, at=at)
            for batch in batches:
                self._note(batch, told.position, frames)

    def progress_of(self, batch_id: str) -> BatchProgress | None:
        return batch_progress(self._views, batch_id)

    def _note_ids(self) -> None:
        self._ids = frozenset(str(key.thing_id) for key in self._clients)
        self._batches.clear()
        for key in self._clients:
            if key.kind is Kind.BATCH:
                self._batches[key.thing_id].append(key)

    def _note(self, key: Key, position: int, frames: bytes) -> None:
        self._news[key].append((position, frames))


class _Progress:
    """How far batches are, asked once for all that is told together."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._known: dict[str, BatchProgress | None] = {}

    def frame(self, batch_id: str, *, at: datetime) -> bytes:
        if batch_id not in self._known:
            self._known[batch_id] = self._channels.progress_of(batch_id)
        progress = self._known[batch_id]
        if progress is None:
            return b""
        return _frame({"type": "batch_status", **progress_object(progress)}, at=at)


def operation_frame(kind: str, shown: Any, *, at: datetime) -> bytes:
    return _frame({"type": kind, "operation": shown}, at=at)


def device_frame(kind: str, shown: Any, *, at: datetime) -> bytes:
    """Encode for the channel of a device: flat, and in an envelope as well."""
    message = {"type": kind, "operation": shown}
    envelope = {"model": "UpgradeOperation", "data": message}
    return _frame(envelope | message, at=at)


def batch_state_frame(
    progress: BatchProgress,
    operations: Sequence[dict[str, Any]],
    *,
    logs_left_out: bool = False,
) -> bytes:
    """Encode the state of a batch; it is said where the logs are blank for brevity."""
    message: dict[str, Any] = {
        "type": "batch_state",
        "batch_status": progress_object(progress),
        "operations": operations,
    }
    if logs_left_out:
        message["logs_left_out"] = True
    return text_frame(msgspec.json.encode(message))


def progress_object(progress: BatchProgress) -> dict[str, Any]:
    return msgspec.structs.asdict(progress)


def _member_frame(told: Told, names: dict[str, Any]) -> bytes:
    message = {
        "type": "operation_progress",
        "operation_id": str(told.operation_id),
        "status": told.row["status"],
        "progress": told.row["progress"],
        "modified": timestamp(told.row["modified"]),
        "device_id": told.row["device_id"],
        **names,
    }
    return _frame(message, at=told.recorded_at)


def _frame(message: dict[str, Any], *, at: datetime) -> bytes:
    return text_frame(msgspec.json.encode(message | {"timestamp": at.isoformat()}))
