"""Recorded visits of an operation, as a runner leaves them."""

import zlib
from uuid import UUID

from application.flashlog import Flashlog
from application.recordings.lines import (
    Answer,
    CommandLine,
    OpenedLine,
    Output,
    Trouble,
    VisitLine,
    encode,
)
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.domain import examples


def record_visit(flashlog: Flashlog, operation_id: UUID, *, printed: str) -> str:
    """Keep a visit with a session and two commands; returns the hash of its file."""
    lines = (
        VisitLine(
            operation=operation_id,
            installation=flashlog.installation,
            visit=1,
            attempt=1,
            runner="runner-1",
            at=examples.AT,
        ),
        OpenedLine(after_seconds=0.5, address="10.0.0.1", port=22),
        CommandLine(
            after_seconds=1.25,
            script="inspect",
            inputs={"directory": "/tmp"},
            answer=Answer(exit_status=3, stdout=Output(text=printed), seconds=0.25),
        ),
        CommandLine(
            after_seconds=2.5,
            command="sysupgrade -T x",
            trouble=Trouble(error="LostError", message="the session ended"),
        ),
    )
    content = zlib.compress(b"".join(map(encode, lines)))
    sha256 = flashlog.recordings.put(content)
    _note(flashlog, operation_id, events.VisitRecorded(sha256=sha256, commands=2))
    return sha256


def note_trouble(flashlog: Flashlog, operation_id: UUID, trouble: str) -> None:
    """Note a visit that could not be kept."""
    _note(flashlog, operation_id, events.VisitRecorded(trouble=trouble))


def _note(
    flashlog: Flashlog, operation_id: UUID, recorded: events.VisitRecorded
) -> None:
    operation = flashlog.log.get(UpgradeOperation, operation_id)
    operation.note_recording(recorded)
    flashlog.show(flashlog.log.append(operation))
