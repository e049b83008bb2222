"""Trouble of its own accord: links, power, firmware that goes wrong."""

import threading
from collections.abc import Callable
from contextlib import suppress
from random import Random

from application.simulation import SimulatedRouter, faults
from application.simulation.faults import Fault
from tests.chaos.inventory import Inventory

_FAULTS: tuple[Callable[[Random], Fault], ...] = (
    lambda _: faults.LowMemory(recoverable=True),
    lambda _: faults.LowMemory(recoverable=False),
    lambda _: faults.CorruptImage(),
    lambda chance: faults.CutAtByte(chance.randrange(1, 190_000)),
    lambda chance: faults.CutAtByte(chance.randrange(1, 190_000)),
    lambda chance: faults.StallAtByte(chance.randrange(1, 190_000)),
    lambda _: faults.HangAtFlash(),
    lambda _: faults.RefuseFlash(),
    lambda _: faults.RefuseFlash(exit_status=1),
    lambda _: faults.NeverBack(),
    lambda _: faults.BackWithOldFirmware(),
    lambda _: faults.BackWithOtherFirmware(),
)


class Nature:
    """What befalls the routers of a house."""

    def __init__(self, house: Inventory) -> None:
        self._house = house
        self._timers: list[threading.Timer] = []

    def deeds(self) -> dict[str, Callable[[Random], str]]:
        return {
            "cut network": self._cut_network,
            "cut connections": self._cut_connections,
            "pull the plug": self._pull_the_plug,
            "fault": self._fault,
            "heal": self._heal,
        }

    def end(self) -> None:
        """Let every router be well and reachable from now on."""
        for timer in self._timers:
            timer.cancel()
            timer.join()
        for router in self._house.routers:
            router.clear_faults()
            router.restore_network()
            if not router._life._is_on and not _is_flashing(router):
                router.reboot()

    def _cut_network(self, chance: Random) -> str:
        number, router = self._one(chance)
        router.cut_network()
        seconds = chance.choice([chance.uniform(0.5, 4), chance.uniform(8, 20)])
        timer = threading.Timer(seconds, router.restore_network)
        self._timers.append(timer)
        timer.start()
        return f"{number} for {seconds:.1f} s"

    def _cut_connections(self, chance: Random) -> str:
        number, router = self._one(chance, busy=True)
        router.cut_connections()
        return str(number)

    def _pull_the_plug(self, chance: Random) -> str:
        number, router = self._one(chance, busy=chance.random() < 0.5)
        with suppress(OSError):
            router.reboot()
        return str(number)

    def _fault(self, chance: Random) -> str:
        number, router = self._one(chance)
        fault = chance.choice(_FAULTS)(chance)
        router.inject(fault)
        return f"{number}: {fault}"

    def _heal(self, chance: Random) -> str:
        number = 0
        for _ in range(3):
            number, router = self._one(chance)
            router.clear_faults()
        return str(number)

    def _one(
        self, chance: Random, *, busy: bool = False
    ) -> tuple[int, SimulatedRouter]:
        routers = self._house.routers
        numbers = [
            number
            for number, router in enumerate(routers)
            if not busy or router._life.connections
        ] or list(range(len(routers)))
        number = chance.choice(numbers)
        return number, routers[number]


def _is_flashing(router: SimulatedRouter) -> bool:
    flash = router._life._flash
    return flash is not None and not flash.done()
