"""How tests of the routers log in, wait (with a limit) and look."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import paramiko

from tests.routers import face
from tests.routers.images import build_image
from tests.routers.real import RealRouter
from tests.routers.setup import Setup
from tests.routers.shell import Shell

IMAGE = build_image()
LIMIT_SECONDS = 60.0


@contextmanager
def logged_in(
    setup: Setup | None = None, faults: Sequence[face.Fault] = ()
) -> Iterator[tuple[RealRouter, Shell]]:
    with RealRouter(setup, faults) as router, Shell(router) as shell:
        yield router, shell


def eventually(seen: Callable[[], bool]) -> bool:
    limit = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < limit:
        if seen():
            return True
        time.sleep(0.01)
    return False


def upload(shell: Shell, image: bytes = IMAGE) -> None:
    assert shell.run("cat > /tmp/fw.bin", image).status == 0


def answers(router: RealRouter, host: str = "") -> bool:
    try:
        Shell(router, host=host).__exit__(None, None, None)
    except (paramiko.SSHException, OSError, EOFError):
        return False
    return True


def back_with_new_boot_id(router: RealRouter, before: str, host: str = "") -> bool:
    return eventually(lambda: router.facts().boot_id != before) and eventually(
        lambda: answers(router, host)
    )


def available_kb(shell: Shell) -> int:
    command = "awk '$1 == \"MemAvailable:\" { print $2 }' /proc/meminfo"
    return int(shell.run(command).output)
