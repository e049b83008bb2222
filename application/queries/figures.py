"""How much there is of everything that a monitoring system watches."""

import shutil
from collections.abc import Iterator, Mapping

import msgspec

from application.flashlog import Flashlog

_ROLES = ("runner", "projector")
# In the words of the index that has them, so that all others are not looked at.
_TROUBLED = (
    "SELECT sum(CASE WHEN owed <> '' AND status <> 'in-progress' THEN 1 ELSE 0 END)"
    " AS operations_owing,"
    " sum(CASE WHEN given_up <> '' THEN 1 ELSE 0 END) AS operations_given_up,"
    " sum(CASE WHEN held <> '' THEN 1 ELSE 0 END) AS operations_held"
    " FROM operation WHERE (status = 'failed' OR given_up <> '' OR held <> ''"
    " OR (owed <> '' AND status <> 'in-progress'))"
)


class Figure(msgspec.Struct, frozen=True):
    """One number, with what tells it from its like.

    `is_count` says that it only grows, as long as nothing is restored or rebuilt.
    """

    name: str
    meaning: str
    values: Mapping[tuple[tuple[str, str], ...], float]
    is_count: bool = False


def figures(flashlog: Flashlog) -> list[Figure]:
    """Ask log and read models; the same from whichever process."""
    return [
        *_operations(flashlog),
        *_work(flashlog),
        *_log(flashlog),
        *_checkpoints(flashlog),
    ]


def _operations(flashlog: Flashlog) -> Iterator[Figure]:
    ended = {"success": 0, "failed": 0, "aborted": 0, "cancelled": 0}
    going: dict[str, int] = {}
    for row in flashlog.views.rows(
        "SELECT status, count(*) AS count FROM operation GROUP BY status"
    ):
        if row["status"] in ended:
            ended[row["status"]] = row["count"]
    for row in flashlog.views.rows(
        "SELECT phase, count(*) AS count FROM operation"
        " WHERE status = 'in-progress' GROUP BY phase"
    ):
        going[row["phase"]] = row["count"]
    yield Figure(
        "operations_ended",
        "Operations that have ended, by outcome.",
        {(("outcome", outcome),): count for outcome, count in ended.items()},
        is_count=True,
    )
    yield Figure(
        "operations_in_progress",
        "Operations that have not ended, by phase.",
        {(("phase", phase),): count for phase, count in going.items()},
    )
    (troubled,) = flashlog.views.rows(_TROUBLED)
    for name, meaning in (
        (
            "operations_owing",
            "Operations that have ended and still owe something to their router.",
        ),
        (
            "operations_given_up",
            "Operations that owed something which was given up: a person is needed.",
        ),
        ("operations_held", "Operations that wait for a person."),
    ):
        yield Figure(name, meaning, {(): troubled[name] or 0})
    held = "SELECT count(*) AS count FROM batch WHERE held <> '' AND status IN (?, ?)"
    count = flashlog.views.rows(held, ["idle", "in-progress"])[0]["count"]
    yield Figure("batches_held", "Mass upgrades that hold themselves.", {(): count})


def _work(flashlog: Flashlog) -> Iterator[Figure]:
    settings = flashlog.settings
    present = {
        role: flashlog.presence.count(
            role, silent_seconds_max=settings.heartbeat_seconds
        )
        for role in _ROLES
    }
    now = flashlog.clock.now().timestamp()
    (due,) = flashlog.views.rows(
        "SELECT count(*) AS count, min(due_at) AS oldest FROM due"
        " WHERE stage <> 'parked' AND due_at <= ? AND lease_until <= ?",
        [now, now],
    )
    (leased,) = flashlog.views.rows(
        "SELECT count(*) AS count, count(DISTINCT runner) AS runners FROM due"
        " WHERE lease_until > ?",
        [now],
    )
    yield Figure(
        "up",
        "1 where a living process has this role, else 0.",
        {(("role", role),): min(count, 1) for role, count in present.items()},
    )
    yield Figure(
        "runner_visits",
        "Routers that runners visit now (slots used).",
        {(): leased["count"]},
    )
    # Who froze lately holds leases and is not there any more.
    runners = max(leased["runners"], present["runner"])
    slots = runners * settings.runner_visits_max
    yield Figure(
        "runner_visits_free",
        "Routers that could be visited beside those (slots free).",
        {(): max(0, slots - leased["count"])},
    )
    yield Figure(
        "work_due",
        "Operations whose time has come and nobody visits.",
        {(): due["count"]},
    )
    oldest = due["oldest"]
    yield Figure(
        "work_late_seconds",
        "How long the longest of those has waited.",
        {(): max(0.0, now - oldest) if oldest is not None else 0.0},
    )
    taken = {"upload": 0, "reboot": 0}
    for row in flashlog.views.rows(
        "SELECT kind, count(*) AS count FROM turn GROUP BY kind"
    ):
        taken[row["kind"]] = row["count"]
    yield Figure(
        "turns",
        "Turns taken: to upload, and to flash and reboot.",
        {(("kind", kind),): count for kind, count in taken.items()},
    )
    limits = {"upload": settings.uploads_max, "reboot": settings.reboots_max}
    yield Figure(
        "turns_max",
        "Turns that there are; one that uploads needs one of each.",
        {(("kind", kind),): count for kind, count in limits.items()},
    )


def _log(flashlog: Flashlog) -> Iterator[Figure]:
    shown, end = flashlog.views.position(), flashlog.log.end()
    yield Figure("log_events", "Events in the log.", {(): end}, is_count=True)
    size_bytes = flashlog.storage.log_bytes()
    yield Figure("log_bytes", "Room that the log takes.", {(): size_bytes})
    free_bytes = shutil.disk_usage(flashlog.settings.data_dir).free
    yield Figure(
        "data_directory_free_bytes",
        "Room left where log, read models and images are.",
        {(): free_bytes},
    )
    yield Figure(
        "projector_lag_events",
        "Events that the read models do not show yet.",
        {(): max(0, end - shown)},
    )
    yield Figure(
        "projector_lag_seconds",
        "Age of the oldest of those, 0 where there is none.",
        {(): _age_seconds(flashlog, shown)},
    )


def _checkpoints(flashlog: Flashlog) -> Iterator[Figure]:
    newest = flashlog.audit.store.newest()
    signed = newest.size if newest is not None else 0
    yield Figure(
        "checkpoint_events",
        "Events under the newest signed checkpoint.",
        {(): signed},
        is_count=True,
    )
    yield Figure(
        "checkpoint_age_seconds",
        "Age of the oldest event that no checkpoint covers, 0 where all are signed.",
        {(): _age_seconds(flashlog, signed)},
    )


def _age_seconds(flashlog: Flashlog, position: int) -> float:
    """Return how long ago the event after a position was recorded, 0 for none."""
    following = flashlog.log.read(after=position, limit=1)
    if not following:
        return 0.0
    age = flashlog.clock.now() - following[0].recorded_at
    return max(0.0, age.total_seconds())
