"""One of many processes that append: raw inserts, or through the log.

`python -m tests.benchmarks.appending KIND URL SECONDS` says "ready", begins when it is
told to, and says in the end how many events it has appended.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from uuid import uuid4

from eventsourcing.persistence import StoredEvent

from tests.adapters.logs import PostgresPlace

_TOPIC, _STATE = "UpgradeOperation:UploadAdvanced", b'{"bytes":1234567}' * 16
RAW_TABLE = (
    "CREATE TABLE IF NOT EXISTS raw (position bigserial PRIMARY KEY,"
    " originator_id bytea NOT NULL, originator_version bigint NOT NULL,"
    " topic text NOT NULL, state bytea NOT NULL, recorded_at bigint NOT NULL,"
    " UNIQUE (originator_id, originator_version))"
)
RAW_INSERT = (
    "INSERT INTO raw (originator_id, originator_version, topic, state, recorded_at)"
    " VALUES (%s, %s, %s, %s, %s)"
)


def appended_by(count: int, kind: str, url: str, seconds: float) -> int:
    """Let so many processes append at the same time; returns how many events."""
    command = [sys.executable, "-m", "tests.benchmarks.appending", kind, url]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, str(seconds)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(count)
        ]
        for process in processes:
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return sum(int(process.communicate()[0]) for process in processes)


def _main(kind: str, url: str, seconds: float) -> None:
    with ExitStack() as stack:
        append = _through_log(stack, url) if kind == "log" else _raw(stack, url)
        print("ready", flush=True)
        sys.stdin.readline()
        end, count = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            append()
            count += 1
    print(count)


def _through_log(stack: ExitStack, url: str) -> Callable[[], object]:
    place = PostgresPlace(url)
    stack.callback(place.close)
    log = place.opened()
    return lambda: log.insert_events([StoredEvent(uuid4(), 1, _TOPIC, _STATE)])


def _raw(stack: ExitStack, url: str) -> Callable[[], object]:
    import psycopg

    raw = stack.enter_context(psycopg.connect(url, autocommit=True))
    return lambda: raw.execute(RAW_INSERT, (uuid4().bytes, 1, _TOPIC, _STATE, 1))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
