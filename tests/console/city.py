"""A running service, simulated routers of every kind of luck, and their Flashlog."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from tests.fleet.cases import GOOD, Case
from tests.fleet.town import Town, a_town
from tests.web.serving import Service, serving

_SPARE = 8
# Any free port, and nobody is told to come back later.
_USUAL = {
    "bind": "127.0.0.1:0",
    "request_rate_limit": "off",
    "token_rate_limit": "off",
}


class City(msgspec.Struct, kw_only=True):
    """`town` has the routers; `service` is `flashlog serve` over the same data."""

    town: Town
    service: Service
    taken: set[UUID]

    @property
    def flashlog(self) -> Flashlog:
        return self.town.flashlog

    def device(self, case: Case = GOOD) -> UUID:
        """Return a device with this case that no test has had."""
        for device_id in self.town.device_ids:
            if device_id not in self.taken and self.town.case_of(device_id) is case:
                self.taken.add(device_id)
                return device_id
        msg = f"no device is left with {case}"
        raise LookupError(msg)


@contextmanager
def a_city(
    directory: Path, cases: tuple[Case, ...] = (GOOD,) * _SPARE, **settings: Any
) -> Iterator[City]:
    with (
        a_town(directory, cases, **(_USUAL | settings)) as town,
        serving(town.settings) as service,
    ):
        yield City(town=town, service=service, taken=set())
