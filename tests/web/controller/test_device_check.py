"""Read-only visits over REST."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from application.commands.devices import NewCredentials, NewDevice
from application.commands.images import NewImage, add_image
from application.commands.registration import Logins, register
from application.flashlog import Flashlog
from application.simulation import Fleet, SimulatedRouter
from tests.routers.images import build_image
from tests.web.controller.conftest import API, Tenants

CHECKS = f"{API}/device-check/"


@pytest.fixture
def router() -> Iterator[SimulatedRouter]:
    with Fleet.of(1) as fleet:
        yield fleet.routers[0]


def registered(
    flashlog: Flashlog, organization_id: UUID, router: SimulatedRouter, port: int
) -> str:
    facts = router.facts()
    new = NewDevice(
        name=f"ap-{port}",
        mac_address=facts.macs[0],
        addresses=(router.host,),
        agent_uuid=UUID(facts.uuid) if facts.uuid else None,
        organization_id=organization_id,
    )
    log_in = NewCredentials(password=router.password, port=port)
    return str(register(flashlog, new, Logins(new=log_in)))


def test_routers_are_looked_at_for_their_operators(
    flashlog: Flashlog, tenants: Tenants, router: SimulatedRouter
) -> None:
    device_id = registered(flashlog, tenants.ours, router, router.port)
    images = {
        owner: add_image(
            flashlog,
            NewImage(file_name="new.bin", organization_id=owner),
            [build_image(release="24.10.0")],
        )
        for owner in (tenants.ours, tenants.theirs, None)
    }
    answer = tenants.operator.post(CHECKS, json={"devices": [device_id]})
    assert answer.status_code == 201, answer.text
    told = answer.get_json()
    assert (told["devices"], told["is_over"]) == ([device_id], True)
    (report,) = told["reports"]
    assert (report["device"], report["trouble"]) == (device_id, "")
    assert report["facts"]["board"] == router.facts().board
    assert report["host_key_is_new"]
    # Nobody is told of the images of others.
    shown = {each["image"]: each["reason"] for each in report["images"]}
    assert shown == {str(images[tenants.ours]): "", str(images[None]): ""}
    assert report["images"][0]["version"].startswith("24.10.0")
    again = tenants.administrator.get(f"{CHECKS}{told['id']}/")
    assert (again.status_code, again.get_json()) == (200, told)
    assert tenants.stranger.get(f"{CHECKS}{told['id']}/").status_code == 404
    assert router.flashes == 0


def test_a_router_that_does_not_answer_is_its_own_trouble(
    flashlog: Flashlog, tenants: Tenants, router: SimulatedRouter
) -> None:
    device_id = registered(flashlog, tenants.ours, router, 1)
    told = tenants.root.post(CHECKS, json={"devices": [device_id]}).get_json()
    (report,) = told["reports"]
    assert report["facts"] is None
    assert report["trouble"]


def test_what_makes_no_sense_is_not_visited(
    flashlog: Flashlog, tenants: Tenants, router: SimulatedRouter
) -> None:
    foreign = registered(flashlog, tenants.theirs, router, 1)
    for devices in ([], ["nonsense"], [str(uuid4())], [foreign], None):
        answer = tenants.operator.post(CHECKS, json={"devices": devices})
        assert answer.status_code == 400
        assert list(answer.get_json()) == ["devices"]
    for caller, status in (
        (tenants.powerless, 403),
        (tenants.member, 403),
        (tenants.anonymous, 401),
    ):
        answer = caller.post(CHECKS, json={"devices": [foreign]})
        assert answer.status_code == status
    assert tenants.operator.get(f"{CHECKS}{uuid4()}/").status_code == 404
    assert tenants.operator.get(CHECKS).status_code == 405
