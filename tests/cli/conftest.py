"""The command line as a person uses it: words in, text and a status out."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from application.simulation import Fleet, SimulatedRouter
from application.simulation.faults import Fault
from tests.routers.images import build_image
from web.cli.main import run

QUICK = {
    "FLASHLOG_RECONNECT_DELAY_SECONDS": "0.3",
    "FLASHLOG_RECONNECT_RETRY_DELAY_SECONDS": "0.5",
    "FLASHLOG_RETRY_BACKOFF_SECONDS": "0.2",
    "FLASHLOG_RETRIES_MAX": "1",
    "FLASHLOG_MEMORY_SETTLE_SECONDS": "1",
    "FLASHLOG_CONNECT_SECONDS": "2",
}
NEW = ("24.10.0", "r28427-6df0e3d02a")
OLD = ("22.03.7", "r20341-591b7e93d3")


class Said(msgspec.Struct, frozen=True):
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Said]


@pytest.fixture
def cli(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """Run a command on an installation of this test's own."""
    monkeypatch.setenv("FLASHLOG_DATA_DIR", str(tmp_path / "data"))
    for name, value in QUICK.items():
        monkeypatch.setenv(name, value)

    def call(*arguments: object, stdin: str = "") -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        status = run(list(map(str, arguments)))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Said(status, captured.out, captured.err)

    return call


AddRouter = Callable[..., SimulatedRouter]


@pytest.fixture
def add_router(cli: Cli) -> Iterator[AddRouter]:
    """Let a simulated router live, and register it under a name."""
    with ExitStack() as stack:

        def add(
            name: str = "roof",
            *faults: Fault,
            options: tuple[str, ...] = (),
            **setup: Any,
        ) -> SimulatedRouter:
            fleet = stack.enter_context(Fleet.of(1, **setup))
            router = fleet.routers[0]
            facts = router.facts()
            router.inject(*faults)
            said = cli(
                *("device", "add", name, "--address", router.host),
                *("--port", router.port, "--mac", facts.macs[0]),
                *(("--uuid", facts.uuid) if facts.uuid else ()),
                *("--password-stdin", *options),
                stdin=f"{router.password}\n",
            )
            assert said.status == 0, said.err
            return router

        yield add


@pytest.fixture
def new_image(tmp_path: Path) -> Path:
    return _image(tmp_path / "new.bin", NEW)


@pytest.fixture
def old_image(tmp_path: Path) -> Path:
    return _image(tmp_path / "old.bin", OLD)


def _image(path: Path, version: tuple[str, str]) -> Path:
    path.write_bytes(build_image(release=version[0], revision=version[1]))
    return path
