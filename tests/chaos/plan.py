"""What is done to an installation in one round, and when: the same for a seed."""

from collections.abc import Sequence
from random import Random

import msgspec

# How often each deed comes, against the others.
_WEIGHTS = {
    "batch": 5,
    "upgrade": 8,
    "retry": 5,
    "cancel": 14,
    "cancel many": 4,
    "cancel batch": 3,
    "hold": 4,
    "resume": 5,
    "delete": 3,
    "kill": 9,
    "freeze": 8,
    "kill the service": 1,
    "cut network": 4,
    "cut connections": 5,
    "pull the plug": 4,
    "fault": 10,
    "heal": 5,
}


class Deed(msgspec.Struct, frozen=True):
    """`at` seconds after the beginning; `seed` chooses whom it hits."""

    at: float
    name: str
    seed: int

    @property
    def chance(self) -> Random:
        return Random(self.seed)


def plan(seed: int, *, seconds: float, count: int) -> Sequence[Deed]:
    """Return about `count` deeds in their order; the first one is a batch."""
    chance = Random(seed)
    names, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    deeds = [Deed(0.0, "batch", chance.getrandbits(32))]
    at = chance.uniform(0.5, 1.5)
    while at < seconds:
        (name,) = chance.choices(names, weights)
        deeds.append(Deed(round(at, 3), name, chance.getrandbits(32)))
        at += chance.expovariate(count / seconds)
    return deeds
