"""Fill up what holds a log, append, make room, append: DIRECTORY disk|limit.

`disk` fills a file system with another file; `limit` lets no file of this process
grow beyond a size. What happened is printed as one JSON object.
"""

import json
import os
import resource
import sys
from pathlib import Path

from application.adapters.sqlite.log import SQLiteLog
from application.errors import LogFullError
from tests.adapters.logs import SQLitePlace, check_whole, story

DIRECTORY, MEANS = Path(sys.argv[1]), sys.argv[2]
FILE_BYTES_MAX = 1 << 18
PATH, FILLER = DIRECTORY / "log.sqlite", DIRECTORY / "filler"


def fill() -> None:
    if MEANS == "limit":
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (FILE_BYTES_MAX, resource.RLIM_INFINITY)
        )
        return
    descriptor = os.open(FILLER, os.O_WRONLY | os.O_CREAT)
    for size in (1 << 16, 1 << 12, 1):
        try:
            while True:
                os.write(descriptor, bytes(size))
        except OSError:
            continue
    os.close(descriptor)


def make_room() -> None:
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    )
    FILLER.unlink(missing_ok=True)


log = SQLiteLog(PATH)
stored = len(log.insert_events(story(3)))
fill()
refusals: list[str] = []
for _ in range(2000):
    try:
        stored += len(log.insert_events(story(3, size=2000)))
    except LogFullError as error:
        refusals.append(str(error))
        if len(refusals) == 3:
            break
readable = log.max_notification_id()
make_room()
after = [log.insert_events(story(3, size=2000))[-1] for _ in range(100)][-1]
log.close()
print(
    json.dumps(
        {
            "refusals": refusals,
            "stored": stored,
            "readable": readable,
            "after": after,
            "whole": check_whole(SQLitePlace(PATH)),
        }
    )
)
