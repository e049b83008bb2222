"""`python -m tests.chaos`: rounds of bad luck, each from a seed.

    python -m tests.chaos --minutes 10
    python -m tests.chaos --seed 17 --rounds 1    # that one round again
    python -m tests.chaos --postgres

What was done when, and whom it hit, is the same for a seed as far as the machine
is: who is slower meets other bad luck. The trail of a round with an alarm is printed.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.chaos.kept import keep
from tests.chaos.round import Round, Told
from tests.cluster.database import databases


def main() -> int:
    """Run the rounds, keep the table; 1 when there was an alarm."""
    wish = _wish()
    told: list[Told] = []
    begun = time.monotonic()
    seed = wish.seed
    with databases(on_postgres=wish.postgres) as url:
        while len(told) < wish.rounds and time.monotonic() - begun < wish.minutes * 60:
            one = Round(
                seed,
                routers=wish.routers,
                seconds=wish.seconds,
                database_url=url(f"round_{seed}"),
            )
            told.append(one.run())
            _print(told[-1])
            seed += 1
    minutes = (time.monotonic() - begun) / 60
    for line in summary(told, minutes):
        print(line)
    if wish.keep:
        name = "chaos on PostgreSQL" if wish.postgres else "chaos"
        keep(name, summary(told, minutes))
    return 1 if any(each.alarms for each in told) else 0


def summary(told: Sequence[Told], minutes: float) -> list[str]:
    """Return the table for the page, and where it comes from."""
    seeds = f"{told[0].seed} to {told[-1].seed}" if told else "none"
    sums = {
        "rounds": len(told),
        "routers in each": max((each.routers for each in told), default=0),
        "mass upgrades": sum(each.batches for each in told),
        "operations": sum(each.operations for each in told),
        **{
            f"of these {status}": sum(each.statuses.get(status, 0) for each in told)
            for status in ("success", "failed", "aborted", "cancelled")
        },
        "flashes": sum(each.flashes for each in told),
        "cancels accepted": sum(each.cancels_accepted for each in told),
        "cancels refused": sum(each.cancels_refused for each in told),
        "requests told to try again": sum(each.busy_answers for each in told),
        "processes killed": sum(each.kills for each in told),
        "processes frozen past their lease": sum(each.freezes for each in told),
        "events": sum(each.events for each in told),
        "alarms": sum(len(each.alarms) for each in told),
    }
    day = datetime.now(UTC).date().isoformat()
    return [
        f"Measured on {day}: {minutes:.0f} minutes, seeds {seeds}.",
        "",
        "| what | how many |",
        "|---|---|",
        *(f"| {what} | {count:,} |" for what, count in sums.items()),
    ]


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=random.randrange(1, 10**6))
    parser.add_argument("--rounds", type=int, default=10**6)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--routers", type=int, default=48)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


def _print(told: Told) -> None:
    verdict = f"{len(told.alarms)} ALARMS" if told.alarms else "as it must be"
    print(
        f"seed {told.seed}: {told.operations} operations {told.statuses}, "
        f"{told.flashes} flashes, {told.cancels_accepted} cancels, {told.hits}, "
        f"{told.seconds:.0f} s: {verdict}",
        flush=True,
    )
    if told.alarms:
        print("\n".join(["the trail:", *told.trail]))
        print("\n".join(["the alarms:", *told.alarms]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
