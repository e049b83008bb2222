"""A process that appends to a log from several threads: NAME STORIES THREADS."""

import sys
from concurrent.futures import ThreadPoolExecutor

from tests.adapters.logs import place_named, story

NAME, STORIES, THREADS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

place = place_named(NAME)
log = place.opened()


def write(_: int) -> None:
    for number in range(STORIES):
        log.insert_events(story(1 + number % 3))


# All are ready before the first one writes.
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(THREADS) as pool:
    list(pool.map(write, range(THREADS)))
place.close()
