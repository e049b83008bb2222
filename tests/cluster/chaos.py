"""`python -m tests.cluster.chaos`: mass upgrades in a cluster that is killed.

    python -m tests.cluster.chaos --rounds 10 --seed 100
    python -m tests.cluster.chaos --rounds 1 --seed 104 --logs /tmp/logs

What happens when, and to whom, is drawn from the seed; whom it meets at what depends on
the speed of the machine, too. The trail of a round with an alarm is printed.
"""

import argparse
import logging
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.kept import keep
from tests.cluster.database import Database
from tests.cluster.round import Round, Told
from tests.cluster.trouble import KINDS
from tests.web.serving import ROOT


def main() -> int:
    """Run the rounds, keep the table after each; 1 when there was an alarm."""
    logging.disable(logging.WARNING)  # of what is cut there would be no end
    wish = _wish()
    commit = _commit()  # before the page is written
    told: list[Told] = []
    begun = time.monotonic()
    with Database() as database:
        for seed in range(wish.seed, wish.seed + wish.rounds):
            logs = Path(wish.logs) / str(seed) if wish.logs else None
            one = Round(
                seed,
                database,
                routers=wish.routers,
                pause_seconds=wish.pause_seconds,
                keep_logs=logs,
            )
            told.append(one.run())
            _print(told[-1])
            lines = summary(told, (time.monotonic() - begun) / 60, commit)
            if wish.keep:
                keep("cluster", lines)
    print("\n".join(lines))
    return 1 if any(each.alarms for each in told) else 0


def summary(told: Sequence[Told], minutes: float, commit: str) -> list[str]:
    """Return the table for the page."""
    hits: Counter[str] = Counter()
    for each in told:
        hits.update(each.hits)
    sums = {
        "rounds, a mass upgrade each": len(told),
        "routers in each": max(each.routers for each in told),
        "operations": sum(each.operations for each in told),
        **{
            f"of these {status}": sum(each.statuses.get(status, 0) for each in told)
            for status in ("success", "failed", "aborted", "cancelled")
        },
        "flashes": sum(each.flashes for each in told),
        "cancels accepted": sum(each.cancels for each in told),
        **{kind: hits[kind] for kind in KINDS},
        "events": sum(each.events for each in told),
        "clients of the feed in each": max(each.followers for each in told),
        "their connections": sum(each.connections for each in told),
        "events told to them": sum(each.events * each.followers for each in told),
        "wrong": sum(len(each.alarms) for each in told),
    }
    seeds = f"{told[0].seed} to {told[-1].seed}"
    day = datetime.now(UTC).date().isoformat()
    return [
        f"Measured on {day} at {commit}: {minutes:.0f} minutes, seeds {seeds}.",
        "",
        "| what | how many |",
        "|---|---|",
        *(f"| {what} | {count:,} |" for what, count in sums.items()),
    ]


def _commit() -> str:
    """Return what was measured."""
    asked = ["git", "describe", "--always", "--dirty"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "an unknown commit"


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.chaos")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 10**6))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--routers", type=int, default=1000)
    parser.add_argument("--pause-seconds", type=float, default=5.0)
    parser.add_argument("--logs", help="a folder where what the parts say is kept")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def _print(told: Told) -> None:
    verdict = f"{len(told.alarms)} ALARMS" if told.alarms else "as it must be"
    print(
        f"seed {told.seed}: {told.operations} operations {told.statuses}, "
        f"{told.flashes} flashes, {told.cancels} cancels, {told.hits}, "
        f"ends {told.ends}, {told.events} events, {told.connections} connections, "
        f"{told.seconds:.0f} s: {verdict}",
        flush=True,
    )
    if told.alarms:
        print("\n".join(["the trail:", *told.trail]))
        print("\n".join(["the alarms:", *told.alarms]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
