"""`make cluster`: PostgreSQL, web servers and runners on this machine, until Ctrl-C."""

import argparse
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from application.commands.users import add_user, token_of
from application.flashlog import Flashlog
from application.settings import Settings
from application.simulation import Fleet
from tests.chaos.inventory import Inventory
from tests.cluster.cluster import Cluster, taken_ports
from tests.cluster.database import Database
from tests.cluster.round import RUNNERS, WEBS
from tests.postgres import programs

_IMAGE_BYTES = 1 << 20
_USER = "admin"
# Enough for a look around by one person who may not wait for real routers.
_LIMITS: dict[str, Any] = {"uploads_max": 16, "reboots_max": 60}


def main() -> int:
    """Serve until Ctrl-C; 1 where it cannot be started."""
    wish = _wish()
    ports = [wish.port + number for number in range(WEBS)]
    if wrong := _wrong(ports):
        print(f"make cluster: {wrong}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        stack.callback(_say, "stopped; all of it is gone")
        _serve(stack, ports, wish.routers)
        threading.Event().wait()
    return 0


def _serve(stack: ExitStack, ports: list[int], routers: int) -> None:
    _say("starting PostgreSQL …")
    made = tempfile.TemporaryDirectory(prefix="flashlog-cluster-")
    directory = Path(stack.enter_context(made))
    database = stack.enter_context(Database())
    settings = Settings(
        data_dir=directory / "shared", database_url=database.made("flashlog"), **_LIMITS
    )
    if routers:
        _say(f"making {routers:,} simulated routers; a thousand take a minute …")
        fleet = stack.enter_context(Fleet.of(routers))
        flashlog = Inventory(
            fleet, settings, builds=2, image_bytes=_IMAGE_BYTES
        ).flashlog
    else:
        flashlog = Flashlog(settings)
    password = secrets.token_urlsafe(9)
    admin = add_user(flashlog, username=_USER, password=password, is_superuser=True)
    token = token_of(flashlog, user_id=admin)
    flashlog.close()
    _say(f"starting {WEBS} web servers and {RUNNERS} runners …")
    stack.callback(_say, "stopping …")
    cluster = stack.enter_context(
        Cluster(settings, directory, ports=ports, runners=RUNNERS, told=_say)
    )
    for line in _told(cluster, settings, password, token, routers):
        print(line, flush=True)


def _told(
    cluster: Cluster, settings: Settings, password: str, token: str, routers: int
) -> Iterator[str]:
    yield ""
    for web in cluster.webs:
        yield f"  {web.name:<12}{web.url}   process {web.pid}"
    for runner in cluster.runners:
        yield f"  {runner.name:<12}process {runner.pid}"
    yield f"  {'PostgreSQL':<12}{settings.database_url}"
    yield f"  {'images':<12}{settings.data_dir}"
    yield f"  {'logs':<12}{cluster.webs[0].log.parent}/*.log"
    yield ""
    yield f"  In a browser log in as {_USER} with the password {password}"
    yield "  In another terminal:"
    yield f"    export FLASHLOG_URL={cluster.webs[0].url}"
    yield f"    export FLASHLOG_TOKEN={token}"
    if routers:
        yield "    .venv/bin/flashlog batch start 24.10.1 --watch"
    else:
        yield "    .venv/bin/flashlog health"
        yield "  Simulated routers come along with `make cluster ROUTERS=100`."
    yield ""
    yield "  Kill what you like: it is started again, and the others go on."
    yield "  Ctrl-C stops all; nothing is kept."
    yield ""


def _wrong(ports: list[int]) -> str:
    if programs() is None:
        return "needs PostgreSQL's server: make test-tools, or install postgresql"
    if taken := taken_ports(ports):
        return f"port {taken[0]} is in use: choose another one by PORT=…"
    return ""


def _say(line: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S} {line}", flush=True)


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--routers", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
