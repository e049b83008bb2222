"""What a router was before its flash and is after it, side by side."""

from datetime import datetime
from typing import TypeVar, cast

import msgspec

from application.flashlog import Flashlog
from application.log import Entry
from application.queries.operation_story.retelling import Retold
from domain.base import Event
from domain.device.events import FactsLearned
from domain.operation import events

E = TypeVar("E", bound=Event)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found on the router; blank where nothing was read."""

    identity: str = ""
    boot_id: str = ""
    release: str = ""
    revision: str = ""
    board: str = ""
    model: str = ""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What decides the outcome; `proved_by` says what proved it, if anything did.

    Where the router was not identified, `before` is what the last visit before the
    operation found on the device, at `before_at`. `said` is what an ending quotes.
    """

    before: Found | None = None
    before_at: datetime | None = None
    after: Found | None = None
    proved_by: str = ""
    health_checks: tuple[str, ...] = ()
    command: str = ""
    said: str = ""


def evidence(flashlog: Flashlog, retold: Retold) -> Evidence:
    """Return what is known by the last event that is told."""
    verified = _last(retold, events.IdentityVerified)
    outcome = _last(retold, events.OutcomeVerified)
    flash = _last(retold, events.FlashBegun)
    learned = None if verified else _learned_before(flashlog, retold)
    return Evidence(
        before=_before(verified) if verified else _as_learned(learned),
        before_at=learned.recorded_at if learned else None,
        after=_after(outcome, _last(retold, events.Reconnected)),
        proved_by=outcome.proved_by if outcome else "",
        health_checks=outcome.health_checks if outcome else (),
        command=flash.command if flash else "",
        said=str(getattr(retold.ending, "evidence", "")),
    )


def _before(verified: events.IdentityVerified) -> Found:
    return Found(
        identity=verified.identity,
        boot_id=verified.boot_id,
        release=verified.release,
        revision=verified.revision,
        board=verified.board,
        model=verified.model,
    )


def _learned_before(flashlog: Flashlog, retold: Retold) -> Entry | None:
    """Return what a visit found on the device last before the operation was started."""
    story = flashlog.log.story(retold.operation.device_id)
    begun = retold.entries[0].position
    earlier = (
        each
        for each in reversed(story)
        if each.position < begun and isinstance(each.event, FactsLearned)
    )
    return next(earlier, None)


def _as_learned(entry: Entry | None) -> Found | None:
    if entry is None:
        return None
    learned = cast("FactsLearned", entry.event)
    names = ("release", "revision", "board", "model")
    return Found(**{name: getattr(learned, name) for name in names})


def _after(
    outcome: events.OutcomeVerified | None, reconnected: events.Reconnected | None
) -> Found | None:
    if outcome is not None:
        return Found(
            identity=outcome.identity,
            boot_id=outcome.boot_id,
            release=outcome.release,
            revision=outcome.revision,
        )
    return Found(boot_id=reconnected.boot_id) if reconnected is not None else None


def _last(retold: Retold, kind: type[E]) -> E | None:
    found = (e.event for e in reversed(retold.entries) if isinstance(e.event, kind))
    return next(found, None)
