"""A short round in a cluster, one strike of each kind."""

from random import Random

import pytest

from tests.cluster.database import Database
from tests.cluster.round import Round
from tests.cluster.trouble import KINDS
from tests.postgres import programs

pytestmark = [
    pytest.mark.process,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        programs() is None, reason="needs PostgreSQL's server (make test-tools)"
    ),
]


def test_a_mass_upgrade_ends_right_while_all_that_does_it_is_killed() -> None:
    kinds = list(KINDS)
    Random(6).shuffle(kinds)
    quick = {
        "lease_seconds": 1.0,
        "upgrade_timeout_seconds": 5.0,
        "upload_stall_seconds": 2.0,
        "reconnect_delay_seconds": 0.5,
        "uploads_max": 6,
        "reboots_max": 8,
    }
    with Database() as database:
        told = Round(
            6,
            database,
            routers=24,
            pause_seconds=0.3,
            down_seconds_max=0.3,
            strikes=kinds,
            settings=quick,
        ).run()
    assert told.alarms == [], "\n".join([*told.trail, *told.alarms])
    assert told.operations == 24
    assert sum(told.hits.values()) == len(kinds)
