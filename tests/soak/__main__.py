"""`python -m tests.soak`: a day of operation in ten minutes, and what it leaves behind.

It prints a table of each process and says what has grown; `--keep` puts the table into
docs/reliability.md. It ends with 1 where something has grown.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.kept import keep
from tests.cluster.database import databases
from tests.soak.day import HOURS, Day, live
from tests.soak.samples import Course, course, too_long, wal_most


def main() -> int:
    wish = _wish()
    hour_seconds = wish.minutes * 60 / HOURS
    with (
        tempfile.TemporaryDirectory(prefix="flashlog-soak-") as directory,
        databases(on_postgres=wish.postgres) as url,
    ):
        day = live(
            Path(directory),
            routers=wish.routers,
            hour_seconds=hour_seconds,
            database_url=url("soak"),
        )
    courses = [course(name, day.moments) for name in day.moments[0].processes]
    wal = wal_most(day.moments)
    wrong = [what for each in courses for what in each.wrong] + too_long(wal)
    if day.unfinished:
        wrong.append(f"not finished: {day.unfinished}")
    wrong += [
        f"{what}: {count} times" for what, count in day.errors.items() if " 5" in what
    ]
    lines = [*_table(day, courses, wal, wish.minutes), *_told(wrong)]
    print("\n".join(lines))
    if wish.keep:
        keep("soak on PostgreSQL" if wish.postgres else "soak", lines)
    return 1 if wrong else 0


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--routers", type=int, default=24)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def _table(
    day: Day, courses: list[Course], wal: dict[str, float], minutes: float
) -> Iterator[str]:
    date = datetime.now(UTC).date().isoformat()
    visits = ", ".join(f"{count} {name}" for name, count in sorted(day.visits.items()))
    size = "" if day.log_mib is None else f" ({day.log_mib:.0f} MiB)"
    yield (
        f"Measured on {date}: {HOURS} hours in {minutes:.0f} minutes, "
        f"{day.operations:,} operations, {day.flashes:,} flashes, "
        f"{day.events:,} events{size}, {day.notices} notices, "
        f"{day.devices_replaced} devices replaced; visits: {visits}."
    )
    yield ""
    yield "| process | memory, MiB | threads | open files |"
    yield "|---|---|---|---|"
    for each in courses:
        yield (
            f"| {each.name} | {each.memory_first_mib:.1f} → {each.memory_last_mib:.1f} "
            f"| {each.threads_first} → {each.threads_last} "
            f"| {each.files_first} → {each.files_last} |"
        )
    yield ""
    longest = ", ".join(f"`{name}` {size:.1f}" for name, size in wal.items())
    if longest:
        yield f"Longest write-ahead logs, in MiB: {longest}."
    if day.errors:
        yield f"What visitors met: {day.errors}."


def _told(wrong: list[str]) -> Iterator[str]:
    yield ""
    yield f"What has grown: {'; '.join(wrong) or 'nothing'}."


if __name__ == "__main__":
    sys.exit(main())
