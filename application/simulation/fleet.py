"""Many simulated routers in one process, each on a port of its own."""

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from application.simulation.faults import Fault
from application.simulation.power import Life
from application.simulation.router import Listing, SimulatedRouter
from application.simulation.setup import Setup

_STARTED_AT_ONCE = 50
_LIMIT_SECONDS = 300.0
# A listening socket a router, and some for connections and uploads.
_FILES_A_ROUTER = 8


class Fleet:
    """Routers that answer SSH while the fleet is entered.

        with Fleet.of(10, release="19.07.10") as fleet:
            router = fleet.routers[0]  # ssh root@router.host -p router.port

    `host` is an address of the loopback network. `other_host`, where a router may move
    to, exists on Linux alone. The routers live in one thread.
    """

    def __init__(
        self,
        setups: Iterable[Setup],
        *,
        host: str = "127.0.0.1",
        other_host: str = "127.0.0.2",
    ) -> None:
        self._setups = list(setups)
        self._host, self._other_host = host, other_host
        self._lives: list[Life] = []
        self.routers: list[SimulatedRouter] = []

    @classmethod
    def of(cls, count: int, *, host: str = "127.0.0.1", **setup: Any) -> "Fleet":
        """Make a fleet of `count` routers that differ in UUID and MACs alone."""
        return cls((Setup(**setup) for _ in range(count)), host=host)

    def __enter__(self) -> Self:
        logging.getLogger("asyncssh").setLevel(logging.ERROR)
        _allow_open_files(_FILES_A_ROUTER * len(self._setups))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="simulated-fleet", daemon=True
        )
        self._thread.start()
        try:
            self._wait(self._start())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def listing(self) -> Sequence[Listing]:
        """Return where the routers are, and what an inventory wants to know."""
        return [
            Listing(
                name=f"router-{number:04}",
                host=router.host,
                port=router.port,
                username=router.username,
                password=router.password,
                uuid=facts.uuid,
                macs=facts.macs,
                board=facts.board,
                model=facts.model,
                release=facts.release,
                revision=facts.revision,
            )
            for number, router in enumerate(self.routers, 1)
            for facts in [router.facts()]
        ]

    def inject(self, fault: Fault, *, every: int = 1) -> None:
        """Let something go wrong with every n-th router."""
        for router in self.routers[::every]:
            router.inject(fault)

    async def _start(self) -> None:
        self._lives = [
            Life(setup, self._host, self._other_host) for setup in self._setups
        ]
        for start in range(0, len(self._lives), _STARTED_AT_ONCE):
            some = self._lives[start : start + _STARTED_AT_ONCE]
            await asyncio.gather(*(life.power_on() for life in some))
        self.routers = [SimulatedRouter(life, self._loop) for life in self._lives]

    async def _end(self) -> None:
        await asyncio.gather(*(life.end() for life in self._lives))
        # Aborted connections clean up after themselves in tasks of their own.
        current = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not current]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_LIMIT_SECONDS)

    def _close(self) -> None:
        try:
            self._wait(self._end())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_LIMIT_SECONDS)
            self._loop.close()


def _allow_open_files(wanted: int) -> None:
    """Raise the soft limit of open files as far as it is needed and allowed."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        limit = wanted + 1024
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        if soft != resource.RLIM_INFINITY and soft < limit:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
