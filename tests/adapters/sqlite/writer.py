"""A process that appends to a log from several threads: PATH STORIES THREADS."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from application.adapters.sqlite.log import SQLiteLog
from tests.adapters.sqlite.stories import story

PATH, STORIES, THREADS = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

log = SQLiteLog(PATH)


def write(_: int) -> None:
    for number in range(STORIES):
        log.insert_events(story(1 + number % 3))


# All are ready before the first one writes.
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(THREADS) as pool:
    list(pool.map(write, range(THREADS)))
log.close()
