"""What the simulated fleet is beyond the contract of all routers."""

import asyncssh
import pytest

from application.scripts import SCRIPTS, render
from application.simulation import Fleet, Setup
from application.simulation.faults import MissingUuid
from application.simulation.script import parse
from application.simulation.setup import REVISIONS
from tests.contract.routers import Adapted, Caller


def test_every_router_has_a_place_and_an_identity_of_its_own() -> None:
    with Fleet.of(20) as fleet:
        listing = fleet.listing()
        assert len({(each.host, each.port) for each in listing}) == 20
        assert len({each.uuid for each in listing}) == 20
        assert len({mac for each in listing for mac in each.macs}) == 60


def test_what_is_listed_answers() -> None:
    with Fleet.of(3, board="my,board") as fleet:
        for router, listed in zip(fleet.routers, fleet.listing(), strict=True):
            caller = Caller(Adapted(router))
            facts = caller.scripts.inspect()
            caller.hang_up()
            assert facts.board == listed.board == "my,board"
            assert facts.agent_uuid == listed.uuid


def test_every_nth_router_may_go_wrong() -> None:
    with Fleet.of(6) as fleet:
        fleet.inject(MissingUuid(), every=3)
        missing = [router.facts().uuid is None for router in fleet.routers]
        assert missing == [True, False, False, True, False, False]


@pytest.mark.parametrize("release", REVISIONS)
def test_only_releases_before_21_02_need_weak_algorithms(release: str) -> None:
    with Fleet.of(1, release=release) as fleet:
        caller = Caller(Adapted(fleet.routers[0]))
        assert caller.session.weak_algorithms is release.startswith(("18.", "19."))
        caller.hang_up()


def test_a_public_key_lets_in() -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    line = key.export_public_key("openssh").decode().strip()
    with Fleet([Setup(authorized_keys=(line,))]) as fleet:
        caller = Caller(Adapted(fleet.routers[0]))
        private = key.export_private_key("pkcs8-pem").decode()
        session = caller.connect_with_key(private)
        assert session.execute("true", limit_seconds=5).exit_status == 0
        session.close()


def test_a_setup_may_say_how_commands_end() -> None:
    with Fleet.of(1, command_statuses={"ping -c1 gateway": 1}) as fleet:
        caller = Caller(Adapted(fleet.routers[0]))
        check = caller.scripts.health("ping -c1 gateway", limit_seconds=5)
        assert check.exit_status == 1
        assert caller.session.execute("reboot", limit_seconds=5).exit_status == 127
        caller.hang_up()


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_understood_by_name_and_inputs(name: str) -> None:
    inputs = {key: f"it's {key} = $(x)" for key in SCRIPTS[name].all_inputs}
    script = parse(render(name, **inputs))
    assert script is not None
    assert (script.name, script.inputs) == (name, inputs)


def test_any_other_command_is_no_script() -> None:
    assert parse("uptime") is None
    assert parse("") is None


def test_a_fleet_may_be_left_in_the_middle_of_a_visit() -> None:
    for _ in range(3):
        with Fleet.of(2) as fleet:
            caller = Caller(Adapted(fleet.routers[0]))
            caller.claim(1)
