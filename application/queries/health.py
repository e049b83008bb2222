"""Whether an installation is well, asked from outside its service."""

import shutil

import msgspec

from application.flashlog import Flashlog

_MIB = 1 << 20
_FREE_MIB_MIN = 200
# A first start signs all that there is, which takes half a minute for a million events.
_CHECKPOINT_LATE_SECONDS = 120.0
_PARTS = ("runner", "projector")


class HealthFact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    is_well: bool
    finding: str


def health_facts(
    flashlog: Flashlog, *, needs_service: bool = False
) -> list[HealthFact]:
    """Look at storage, read models, service and work; nothing is changed.

    A service that is not running is trouble only where work waits for it, or where
    `needs_service` says so.
    """
    return [
        _room(flashlog),
        _log(flashlog),
        _checkpoints(flashlog),
        _read_models(flashlog),
        _service(flashlog, needs_service=needs_service),
        _work(flashlog),
        _owed(flashlog),
    ]


def _room(flashlog: Flashlog) -> HealthFact:
    free_mib = shutil.disk_usage(flashlog.settings.data_dir).free // _MIB
    return HealthFact(
        name="data directory",
        is_well=free_mib >= _FREE_MIB_MIN,
        finding=f"{flashlog.settings.data_dir}, {free_mib} MiB free",
    )


def _log(flashlog: Flashlog) -> HealthFact:
    finding = f"{flashlog.log.end()} events, readable"
    why_closed = flashlog.log.recorder.why_closed()
    if why_closed:
        finding += f", and nothing is appended: {why_closed}"
    return HealthFact(name="log", is_well=not why_closed, finding=finding)


def _checkpoints(flashlog: Flashlog) -> HealthFact:
    """Tell how far the log is signed; a service that does not sign needs a person."""
    newest = flashlog.audit.store.newest()
    signed, end = newest.size if newest else 0, flashlog.log.end()
    now = flashlog.clock.now().timestamp()
    oldest = flashlog.audit.rows.read(after=signed, limit=1)
    waits_seconds = now - oldest[0].recorded_at / 1_000_000 if oldest else 0.0
    limit_seconds = flashlog.settings.checkpoint_seconds + _CHECKPOINT_LATE_SECONDS
    is_late = flashlog.is_served() and waits_seconds > limit_seconds
    finding = f"{signed} of {end} events are signed"
    if signed > end or is_late:
        finding += (
            ": the service does not sign any more, its log says why "
            "(flashlog audit verify tells whether the log was changed)"
        )
    return HealthFact(
        name="checkpoints", is_well=signed <= end and not is_late, finding=finding
    )


def _read_models(flashlog: Flashlog) -> HealthFact:
    end = flashlog.log.end()
    is_shown = flashlog.show(end)
    position = flashlog.views.position()
    return HealthFact(
        name="read models",
        is_well=is_shown,
        finding=f"at position {position} of {end}"
        + ("" if is_shown else ": the projector does not keep up, or is gone"),
    )


def _service(flashlog: Flashlog, *, needs_service: bool) -> HealthFact:
    if not flashlog.is_served():
        return HealthFact(
            name="service",
            is_well=not needs_service,
            finding="not running (flashlog serve starts it)",
        )
    presence = flashlog.presence
    silent_seconds_max = flashlog.settings.heartbeat_seconds
    down = [
        part
        for part in _PARTS
        if not presence.is_any(part, silent_seconds_max=silent_seconds_max)
    ]
    return HealthFact(
        name="service",
        is_well=not down,
        finding=f"running, but down: {', '.join(down)}" if down else "running",
    )


def _work(flashlog: Flashlog) -> HealthFact:
    is_worked = flashlog.is_worked()
    (count,) = flashlog.views.rows(
        "SELECT count(*) AS going,"
        " count(*) FILTER (WHERE next_visit_at IS NULL) AS held"
        " FROM operation WHERE status = 'in-progress'"
    )
    going, held = count["going"], count["held"]
    finding = f"{going} in progress"
    if held:
        finding += f", {held} of them held for a person (flashlog operation resume)"
    if going > held and not is_worked:
        finding += ", and no runner is there to go on with them"
    return HealthFact(
        name="operations",
        is_well=not held and (is_worked or not going),
        finding=finding,
    )


def _owed(flashlog: Flashlog) -> HealthFact:
    rows = flashlog.views.rows(
        "SELECT device.name AS device, operation.owed AS owed FROM operation"
        " JOIN device ON device.id = operation.device_id"
        " WHERE operation.owed != '' AND operation.status != 'in-progress'"
        " ORDER BY operation.position LIMIT 20"
    )
    owed = "; ".join(f"{row['device']}: {row['owed']}" for row in rows)
    return HealthFact(
        name="owed to routers",
        is_well=not rows,
        finding=f"{owed} (given back as soon as they answer)" if owed else "nothing",
    )
