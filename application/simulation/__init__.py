"""A fleet of simulated routers: the other side of SSH, for rehearsals and tests.

    with Fleet.of(10) as fleet:
        for listing in fleet.listing():
            print(listing.host, listing.port)

They answer the closed set of scripts by name (`acting.py`, `looking.py`), go wrong as
they are told (`faults.py`) and are flashed and reboot as real ones do (`power.py`).
Needs the extra `simulate` (asyncssh).
"""

from application.simulation.fleet import Fleet
from application.simulation.router import SimulatedRouter
from application.simulation.setup import Setup

__all__ = ["Fleet", "Setup", "SimulatedRouter"]
