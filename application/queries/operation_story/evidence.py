"""What a router was before its flash and is after it, side by side."""

from typing import TypeVar

import msgspec

from application.queries.operation_story.retelling import Retold
from domain.base import Event
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
    """What decides the outcome; `proved_by` says what proved it, if anything did."""

    before: Found | None = None
    after: Found | None = None
    proved_by: str = ""
    health_checks: tuple[str, ...] = ()
    command: str = ""


def evidence(retold: Retold) -> Evidence:
    """Return what is known by the last event that is told."""
    verified = _last(retold, events.IdentityVerified)
    outcome = _last(retold, events.OutcomeVerified)
    flash = _last(retold, events.FlashBegun)
    return Evidence(
        before=_before(verified) if verified else None,
        after=_after(outcome, _last(retold, events.Reconnected)),
        proved_by=outcome.proved_by if outcome else "",
        health_checks=outcome.health_checks if outcome else (),
        command=flash.command if flash else "",
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
