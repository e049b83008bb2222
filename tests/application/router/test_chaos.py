"""Any scripts of any visits, at the same time, killed at any moment."""

import hashlib
import random
import time

import pytest

from application.router.limits import RouterLimits
from application.router.owed import NOTHING_OWED
from application.router.refusals import GuardRefusedError
from application.router.router import Router
from application.scripts import SCRIPTS, render
from tests.application.router.conftest import PATH, TinySession, Visit, uploaded
from tests.application.router.tiny import SERVICES, TinyRouter, wait_until

pytestmark = pytest.mark.real_router

IMAGE = b"firmware" * 1000
SHA256 = hashlib.sha256(IMAGE).hexdigest()
NAMES = ("claim", "stop_services", "write", "extend", "flash", "flash", "settle")
INPUTS: dict[str, str | int] = {
    "path": PATH,
    "previous": "",
    "services": "cron uhttpd rpcd",
    "wifi": 1,
    "settle_seconds": 0,
    "offset": 0,
    "flags": "",
    "sha256": SHA256,
    "canary": "/usr/share/flashlog.canary",
    "wait_seconds": 2,
    "hung_seconds": 90,
    **NOTHING_OWED.inputs(),
}


def text_of(visit: Visit, name: str, lease_seconds: int) -> str:
    inputs = {**INPUTS, **visit.fence.inputs(), "lease_seconds": lease_seconds}
    return render(name, **{key: inputs[key] for key in SCRIPTS[name].all_inputs})


def kill_somebody(tiny: TinyRouter, chance: random.Random) -> None:
    """Kill a shell that runs a script, a switch included."""
    said = tiny.run("grep -l '^# flashlog' /proc/[0-9]*/cmdline 2>/dev/null").stdout
    pids = [line.split("/")[2] for line in said.decode().splitlines()]
    if pids:
        tiny.run(f"kill -9 {chance.choice(pids)}; true")


def is_starting(tiny: TinyRouter) -> bool:
    """Is there a flash that has been launched, but not begun yet?"""
    starter = tiny.directory / "flash/starter"
    if tiny.flashes or not starter.exists():
        return False
    process = starter.read_text().split(".")[0]
    return tiny.run(f"kill -0 {process}").exit_status == 0


@pytest.mark.parametrize("seed", range(6))
def test_whatever_comes_it_is_flashed_once_at_most_and_given_back(
    tiny: TinyRouter, visit: Visit, seed: int
) -> None:
    chance = random.Random(seed)
    visits = [visit]
    for _ in range(3):
        visits.append(visits[-1].next())
    visit.claim().stop("cron", wifi=True).write(IMAGE)
    visit.router.extend(visit.fence, lease_seconds=chance.choice([1, 3, 600]))
    for _ in range(30):
        name = chance.choice(NAMES)
        text = text_of(chance.choice(visits), name, chance.choice([1, 3, 600]))
        tiny.start(text)
        time.sleep(chance.choice([0, 0, 0.005, 0.02, 0.2]))
        if chance.random() < 0.15:
            kill_somebody(tiny, chance)
    wait_until(lambda: not list(tiny.tmp.glob("flashlog.lock")), "all have ended")
    wait_until(lambda: not is_starting(tiny), "what was launched runs")
    time.sleep(2)

    assert tiny.flashes <= 1
    last = Visit(tiny, visit=99)
    last.router = Router(TinySession(tiny), RouterLimits(restore_wait_seconds=5))
    if tiny.flashes == 1:
        with pytest.raises(GuardRefusedError):
            last.router.settle(last.fence, path=PATH)
        assert uploaded(tiny).exists()
    else:
        # Whoever was to start it may have been killed: then it counts as hung.
        tiny.pass_time(100)
        assert last.router.settle(last.fence, path=PATH).is_complete
        assert tiny.services == set(SERVICES)
        assert tiny.wifi_is_up
        assert not uploaded(tiny).exists()
    assert tiny.lines("flashed_without_image") == []
