"""The routers of the demo: simulated ones, and a real one where the machine allows it.

The real one is the rig of the tests: dropbear, BusyBox ash and a sysupgrade that
counts. It is in the source tree only, and needs the right to make namespaces.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from application.demo.scenes import (
    LOW_MEMORY,
    OLD_FIRMWARE,
    SCENES,
    SUCCESS,
    RehearsalRouter,
    Scene,
)

_SOURCE_TREE = Path(__file__).resolve().parents[2]
_RIG = _SOURCE_TREE / "tests" / "routers" / "real.py"


class Actor(msgspec.Struct, kw_only=True):
    """A router in its part."""

    scene: Scene
    router: RehearsalRouter
    mac_address: str
    uuid: str | None
    is_real: bool
    services: frozenset[str]


@contextmanager
def actors() -> Iterator[tuple[list[Actor], str]]:
    """Let four routers live; gives them, and a sentence on what they are."""
    with ExitStack() as stack:
        real, why_not = _real_router(stack)
        simulated = _simulated(
            stack, [s for s in SCENES if not (real and s is SUCCESS)]
        )
        listed = [
            _actor(scene, real or simulated[scene.name], is_real=bool(real))
            if scene is SUCCESS
            else _actor(scene, simulated[scene.name], is_real=False)
            for scene in SCENES
        ]
        if real:
            said = (
                "3 simulated routers, and 1 real one (dropbear and BusyBox ash): "
                f"{SUCCESS.name}"
            )
        else:
            said = f"4 simulated routers; no real one, since {why_not}"
        yield listed, said


def _actor(scene: Scene, router: Any, *, is_real: bool) -> Actor:
    facts = router.facts()
    return Actor(
        scene=scene,
        router=router,
        mac_address=facts.macs[0],
        uuid=facts.uuid,
        is_real=is_real,
        services=frozenset(router.services_running()),
    )


def _real_router(stack: ExitStack) -> tuple[Any, str]:
    """Start the tests' rig if it is there; else say why not."""
    if not _RIG.exists():
        return None, "its rig is in the source tree only"
    if str(_SOURCE_TREE) not in sys.path:
        sys.path.append(str(_SOURCE_TREE))
    template = importlib.import_module("tests.routers.template")
    reason = template.why_not_available()
    if reason:
        return None, reason
    rig = importlib.import_module("tests.routers.real")
    return stack.enter_context(rig.RealRouter()), ""


def _simulated(stack: ExitStack, scenes: list[Scene]) -> dict[str, Any]:
    # Here, since importing asyncssh would slow down every other command.
    from application.simulation import Fleet, faults  # noqa: PLC0415

    wrong = {
        LOW_MEMORY.name: faults.LowMemory(recoverable=False),
        OLD_FIRMWARE.name: faults.BackWithOldFirmware(),
    }
    fleet = stack.enter_context(Fleet.of(len(scenes)))
    routers = dict(zip((scene.name for scene in scenes), fleet.routers, strict=True))
    for name, fault in wrong.items():
        routers[name].inject(fault)
    return routers
