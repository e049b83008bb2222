"""One part of the service: kept up while it may be, stopped when it must be."""

import sys
import time
from pathlib import Path
from threading import Timer

import pytest

from application.stopping import Stop
from tests.web.serving import eventually
from web.service.child import Child, Program

pytestmark = pytest.mark.process

STUBBORN = """
import signal, pathlib, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).touch()
signal.pause()
"""


def child(*command: str, directory: Path) -> Child:
    program = Program(name="part", command=command, directory=directory, environment={})
    return Child(program, backoff_seconds_max=0.1)


def test_a_part_that_cannot_be_started_again_is_tried_until_it_can(
    tmp_path: Path,
) -> None:
    program = tmp_path / "program"
    started = tmp_path / "started"
    script = f"#!/bin/sh\necho >> {started}\n"

    def write() -> None:
        program.write_text(script)
        program.chmod(0o700)

    write()
    part = child(str(program), directory=tmp_path)
    part.start()
    eventually(lambda: started.exists() and bool(started.read_text()))
    program.unlink()
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        part.keep_up()
    before = started.read_text()
    write()

    def is_started_again() -> bool:
        part.keep_up()
        return started.read_text() > before

    eventually(is_started_again)
    part.stop(limit_seconds=60, hurry=Stop())


def test_who_is_in_a_hurry_does_not_wait_for_a_part_that_does_not_stop(
    tmp_path: Path,
) -> None:
    ready = tmp_path / "ready"
    part = child(sys.executable, "-c", STUBBORN, str(ready), directory=tmp_path)
    part.start()
    eventually(ready.exists)
    hurry = Stop()
    Timer(0.2, hurry.set).start()
    begun = time.monotonic()
    part.stop(limit_seconds=600, hurry=hurry)
    assert time.monotonic() - begun > 0.1
