"""The event feed: 100 running operations, and 1,000 clients of one process."""

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from application.commands.users import add_user, token_of
from application.flashlog import Flashlog
from application.settings import Settings
from domain.operation.operation import UpgradeOperation
from tests.benchmarks.client import Client, milliseconds
from tests.benchmarks.generated import LATER_SECONDS, flashing
from tests.benchmarks.listeners import Heard, heard_by, listeners
from tests.benchmarks.processes import web_memory_mb
from tests.benchmarks.row import Row, at_least, at_most
from tests.benchmarks.size import size
from tests.domain import examples
from tests.web.serving import serving

_LIST = "/api/v1/firmware-upgrader/upgrade-operation/"
_OPERATIONS = 100
_SECONDS = size(20.0, quick=3.0)
_FEW, _MANY = 10, size(1000, quick=100)
_RATE = 50


def measure() -> list[Row]:
    """Let events happen while clients listen, then stop the service."""
    with tempfile.TemporaryDirectory(prefix="flashlog-bench-") as name:
        settings = Settings(
            data_dir=Path(name),
            bind="127.0.0.1:0",
            request_rate_limit="off",
            websocket_clients_max=_MANY + 10,
            log_level="WARNING",
        )
        with closing(Flashlog(settings)) as flashlog:
            user_id = add_user(
                flashlog, username="bench", password="bench-bench", is_superuser=True
            )
            token = token_of(flashlog, user_id=user_id)
            running = [_running(flashlog) for _ in range(_OPERATIONS)]
            flashlog.projector.catch_up()
            return [
                *_with_few(flashlog, token, running),
                *_with_many(flashlog, token, running),
            ]


def _with_few(
    flashlog: Flashlog, token: str, running: list[UpgradeOperation]
) -> Iterator[Row]:
    with (
        serving(flashlog.settings) as service,
        listeners(service.url, token, _FEW) as process,
    ):
        _let_happen(flashlog, running)
        service.stop()
        heard = heard_by(process)
    yield from _delays(f"event to client, {_OPERATIONS} operations", heard, 15, 100)


def _with_many(
    flashlog: Flashlog, token: str, running: list[UpgradeOperation]
) -> Iterator[Row]:
    with serving(flashlog.settings) as service:
        before = web_memory_mb(service)
        with listeners(service.url, token, _MANY) as process:
            asking = _Asking(Client(service.url, token))
            told = _let_happen(flashlog, running)
            asking.stop()
            grown = (web_memory_mb(service) - before) * 1024 / _MANY
            stopped = service.stop()
            heard = heard_by(process)
    yield from _delays(f"event to client, {_MANY} clients", heard, 15, 50)
    share = heard.messages / (told * _MANY)
    yield at_least("messages that came, to events times clients", share, "", 1)
    yield at_most(f"memory of a client, of {_MANY}", grown, "kB", 70)
    yield at_most("REST beside them, p50", asking.median_ms, "ms", 10)
    yield at_most(f"graceful stop with {_MANY} clients", stopped, "s", 2)
    going_away = heard.closed_with.count(1001) / _MANY
    yield at_least("clients closed with 1001", going_away, "", 1)


def _delays(name: str, heard: Heard, p50: float, p99: float) -> Iterator[Row]:
    cuts = statistics.quantiles(heard.delays, n=100)
    yield at_most(f"{name}, p50", cuts[49] * 1000, "ms", p50)
    yield at_most(f"{name}, p99", cuts[98] * 1000, "ms", p99)


class _Asking:
    """Asks over REST, ten times a second, until it is stopped."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stopped = threading.Event()
        self._times: list[float] = []
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        while not self._stopped.wait(0.1):
            self._times.append(milliseconds(lambda: self._client.ask(_LIST))[0])

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def median_ms(self) -> float:
        return statistics.median(self._times)


def _let_happen(flashlog: Flashlog, running: list[UpgradeOperation]) -> int:
    """Append events of running operations at an even pace; returns how many."""
    begun, told = time.monotonic(), 0
    while told < _SECONDS * _RATE:
        operation = running[told % len(running)]
        operation.observe(examples.reconnect_attempted(LATER_SECONDS))
        flashlog.log.append(operation)
        told += 1
        time.sleep(max(0.0, begun + told / _RATE - time.monotonic()))
    return told


def _running(flashlog: Flashlog) -> UpgradeOperation:
    """Make an operation whose router reboots and is looked at much later."""
    operation = flashing(uuid4())
    operation.observe(examples.reconnect_attempted(LATER_SECONDS))
    flashlog.log.append(operation)
    return operation
