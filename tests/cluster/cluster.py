"""Web servers and runners of one installation on this machine, all kept up."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Self
from urllib.error import URLError

import msgspec

from application.settings import Settings
from tests.cluster.part import Part

_LOOK_SECONDS = 0.1
_READY_SECONDS = 120.0


class Cluster:
    """Entered, it runs; `told` hears of every end that nobody asked for."""

    def __init__(
        self,
        settings: Settings,
        logs: Path,
        *,
        ports: Sequence[int],
        runners: int,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.settings, self._logs, self._ports = settings, logs, ports
        self._runners, self._told = runners, told
        self.webs: list[Part] = []
        self.runners: list[Part] = []
        self.ends: Counter[str] = Counter()
        self._done = threading.Event()
        self._keeper = threading.Thread(target=self._keep_up, daemon=True)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(self._stop)
            for number, port in enumerate(self._ports, 1):
                bound = msgspec.structs.replace(self.settings, bind=f"127.0.0.1:{port}")
                self.webs.append(self._part(f"web {number}", bound))
            for number in range(1, self._runners + 1):
                self.runners.append(self._part(f"runner {number}", self.settings))
            self._keeper.start()
            self.wait_until_ready()
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def wait_until_ready(self) -> None:
        """Wait until every web server says that all is there. Raises RuntimeError."""
        deadline = time.monotonic() + _READY_SECONDS
        for web in self.webs:
            while not _is_ready(web):
                if time.monotonic() > deadline:
                    msg = f"{web.name} is not ready:\n{web.log.read_text()[-2000:]}"
                    raise RuntimeError(msg)
                time.sleep(_LOOK_SECONDS)

    def parts(self) -> Iterator[Part]:
        yield from self.webs
        yield from self.runners

    def _part(self, name: str, settings: Settings) -> Part:
        return Part(name, settings, self._logs / f"{name.replace(' ', '-')}.log")

    def _keep_up(self) -> None:
        while not self._done.wait(_LOOK_SECONDS):
            for part in self.parts():
                status = part.keep_up()
                if status is None:
                    continue
                how = (
                    f"killed by signal {-status}" if status < 0 else f"status {status}"
                )
                self.ends[f"{part.name.partition(' ')[0]}: {how}"] += 1
                self._told(f"{part.name} ended ({how}): it is started again")

    def _stop(self) -> None:
        self._done.set()
        if self._keeper.is_alive():
            self._keeper.join()
        for some in (self.runners, self.webs):
            for part in some:
                part.ask_to_stop()
            for part in some:
                part.end()


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at now."""
    with ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in found]


def taken_ports(ports: Sequence[int]) -> list[int]:
    """Return those of the ports that somebody listens at."""
    taken = []
    for port in ports:
        with closing(socket.socket()) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                taken.append(port)
    return taken


def _is_ready(web: Part) -> bool:
    with suppress(URLError, OSError, ValueError):
        return bool(web.service().get("/health/ready")[0] == 200)
    return False
