"""All recordings of one operation as one file, with what a test needs to play them."""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import cast
from uuid import UUID

import msgspec

from application.errors import NotFoundError
from application.flashlog import Flashlog
from application.log import Entry
from application.recordings.lines import (
    EventLine,
    Line,
    MissingLine,
    OpenedLine,
    RecordingLine,
    Trouble,
    VisitLine,
    encode,
)
from domain.batch.batch import Batch
from domain.catalogue import Build, FirmwareImage
from domain.device.device import Device
from domain.operation import events
from domain.operation.events import OperationEvent
from domain.operation.operation import UpgradeOperation
from domain.recordings import RECORDINGS_ID, Recordings

_GONE = "it is not in the data directory"
_CHANGED = "its file was changed, `flashlog audit verify` tells more"
_REMOVED = "it was kept long enough, and removed"


def recorded_operation(flashlog: Flashlog, operation_id: UUID) -> Iterator[bytes]:
    """Yield the lines of an operation's file, each with its end.

    Raises NotFoundError before the first one.
    """
    story = flashlog.log.story(operation_id)
    if not story or story[0].event.AGGREGATE is not UpgradeOperation:
        msg = f"there is no operation {operation_id}"
        raise NotFoundError(msg)
    return _lines(flashlog, story)


def _lines(flashlog: Flashlog, story: Sequence[Entry]) -> Iterator[bytes]:
    operation = flashlog.log.get(UpgradeOperation, story[0].event.originator_id)
    yield encode(_head(flashlog, operation))
    recordings = flashlog.log.get_or_new(Recordings, RECORDINGS_ID)
    for _, append in groupby(story, key=lambda entry: entry.recorded_at):
        yield from _visit(flashlog, operation, recordings, list(append))
    for entry in story:
        yield encode(
            EventLine(
                type=entry.event.TOPIC,
                at=entry.recorded_at,
                data=msgspec.Raw(msgspec.json.encode(entry.event)),
            )
        )


def _visit(
    flashlog: Flashlog,
    operation: UpgradeOperation,
    recordings: Recordings,
    append: Sequence[Entry],
) -> Iterator[bytes]:
    """Tell the visit that an append has ended, if it has."""
    for entry in append:
        if isinstance(entry.event, events.VisitRecorded):
            kept = kept_lines(flashlog, recordings, entry)
            yield from kept.splitlines(keepends=True)
            return
    for entry in append:
        if reason := _not_let_in(entry.event):  # type: ignore[arg-type]  # of an operation
            for line in _in_vain(flashlog, operation, entry, reason):
                yield encode(line)


def kept_lines(flashlog: Flashlog, recordings: Recordings, entry: Entry) -> bytes:
    """Return the lines that were kept of a visit, or one that says why there are none.

    `entry` is its `VisitRecorded`.
    """
    recorded = cast("events.VisitRecorded", entry.event)
    if recorded.trouble:
        return encode(MissingLine(reason=recorded.trouble))
    sha256 = recordings.kept_as(recorded.sha256)
    try:
        content = flashlog.recordings.get(sha256)
    except NotFoundError:
        was_removed = not sha256 or recordings.has_removed(entry.recorded_at)
        return encode(MissingLine(reason=_REMOVED if was_removed else _GONE))
    if hashlib.sha256(content).hexdigest() != sha256:
        return encode(MissingLine(reason=_CHANGED))
    return zlib.decompress(content)


def _not_let_in(event: OperationEvent) -> str:
    """Return why a visit ended at the door: nothing else was kept of it."""
    match event:
        case events.ReconnectAttempted(answered=False, reason=reason):
            return reason
        case events.RetryScheduled(cause=cause):
            return cause
        case events.SettlementPostponed(cause=cause):
            return cause
    return ""


def _in_vain(
    flashlog: Flashlog, operation: UpgradeOperation, entry: Entry, reason: str
) -> Iterator[Line]:
    yield VisitLine(
        operation=operation.id,
        installation=flashlog.installation,
        visit=0,
        attempt=0,
        runner="",
        at=entry.recorded_at,
    )
    yield OpenedLine(trouble=Trouble(error="UnreachableError", message=reason))


def _head(flashlog: Flashlog, operation: UpgradeOperation) -> RecordingLine:
    log = flashlog.log
    device = log.find(Device, operation.device_id)
    image = log.find(FirmwareImage, operation.image_id)
    build = log.find(Build, image.build_id) if image else None
    batch = log.find(Batch, operation.batch_id) if operation.batch_id else None
    expendable = batch.plan.expendable_packages if batch else None
    of_device = ("mac_address", "agent_uuid", "enrolled_uuid", "addresses", "upgrader")
    of_build = ("health_checks", "manifests")
    return RecordingLine(
        operation=operation.id,
        installation=flashlog.installation,
        device={name: getattr(device, name) for name in of_device} if device else {},
        image=msgspec.to_builtins(image.facts) if image else {},
        build={name: getattr(build, name) for name in of_build} if build else {},
        options=operation.options,
        expendable_packages=expendable or operation.expendable_packages,
    )
