"""One process of a cluster, started again when it ends, as systemd would."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from application.settings import Settings, environment_of
from tests.web.serving import ROOT, Service

_PAUSE_SECONDS = 0.5
_STOP_SECONDS = 30


class Part:
    """`flashlog web` or `flashlog runner`; what it says goes to `log`."""

    def __init__(self, name: str, settings: Settings, log: Path) -> None:
        self.name = name
        self.log = log
        self._settings = settings
        self._command = name.partition(" ")[0]
        self._start_at: float | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://{self._settings.bind}"

    @property
    def pid(self) -> int:
        return self.process.pid

    def service(self) -> Service:
        """What answers at this web server."""
        return Service(self.process, self.url)

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "web.cli", self._command],
                cwd=ROOT,
                env=os.environ
                | environment_of(self._settings)
                | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
                # Ctrl-C is for who started the cluster, and stops the others.
                start_new_session=True,
            )

    def keep_up(self) -> int | None:
        """Start it again a moment after its end; returns its status when it ended."""
        status = self.process.poll()
        if status is None:
            return None
        if self._start_at is None:
            self._start_at = time.monotonic() + _PAUSE_SECONDS
            return status
        if time.monotonic() >= self._start_at:
            self._start_at = None
            self.start()
        return None

    def ask_to_stop(self) -> None:
        self.process.terminate()
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Wait for its end; kill it, and what it has started, when it is late."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_STOP_SECONDS)
        self.process.kill()
        self.process.wait()
