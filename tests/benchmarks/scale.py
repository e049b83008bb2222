"""Lists, details and starts of the service with 100, 10,000 and 1,000,000 upgrades.

On both databases: what an index of one spares, the other may sort.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from application.commands.users import add_user, token_of
from application.flashlog import Flashlog
from application.settings import Settings
from tests.benchmarks.client import Client
from tests.benchmarks.generated import write_operations
from tests.benchmarks.postgres import server
from tests.benchmarks.row import Row, at_most
from tests.benchmarks.size import size
from tests.postgres import programs, tell, url_of
from tests.web.serving import serving

_SIZES = size((100, 10_000, 1_000_000), quick=(100, 10_000))
_LIST = "/api/v1/firmware-upgrader/upgrade-operation/"
_LIST_MS, _DETAIL_MS, _READY_SECONDS = 8, 10, 3


def measure() -> list[Row]:
    """Start a service on each of the logs and ask it."""
    rows = [row for size in _SIZES for row in _measured(size)]
    if programs() is None:
        print("no row of PostgreSQL: its server is not installed (make test-tools)")
        return rows
    with server() as place:
        for size in _SIZES:
            database = f"scale_{size}"
            tell(place, f"CREATE DATABASE {database}")
            rows += _measured(size, url_of(place, database))
    return rows


def _measured(size: int, database_url: str = "") -> Iterator[Row]:
    of = f"{'PostgreSQL, ' * bool(database_url)}{size:,} upgrades"
    with tempfile.TemporaryDirectory(prefix="flashlog-bench-") as name:
        settings = Settings(
            data_dir=Path(name),
            database_url=database_url,
            bind="127.0.0.1:0",
            request_rate_limit="off",
            log_level="WARNING",
        )
        token = _fill(settings, size)
        begun = time.monotonic()
        with serving(settings) as service:
            ready = time.monotonic() - begun
            client = Client(service.url, token)
            for word, number in (("first", "1"), ("last", "last")):
                took_ms = client.median_ms(f"{_LIST}?page={number}")
                yield at_most(f"{of}: {word} page, p50", took_ms, "ms", _LIST_MS)
            some = client.ask(f"{_LIST}?page_size=1")["results"][0]["id"]
            took_ms = client.median_ms(f"{_LIST}{some}/")
            yield at_most(f"{of}: detail, p50", took_ms, "ms", _DETAIL_MS)
            yield at_most(f"{of}: start to ready", ready, "s", _READY_SECONDS)


def _fill(settings: Settings, size: int) -> str:
    """Return the token of somebody who may see all."""
    with closing(Flashlog(settings)) as flashlog:
        user_id = add_user(
            flashlog, username="bench", password="bench-bench", is_superuser=True
        )
        token = token_of(flashlog, user_id=user_id)
        write_operations(flashlog, operations=size, is_short=True)
        flashlog.projector.catch_up()
    return token
