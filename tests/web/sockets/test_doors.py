"""Who may listen to what: decided at the door, and looked at again and again."""

from uuid import UUID

import pytest

from application.commands.memberships import set_membership
from application.commands.users import token_of
from application.flashlog import Flashlog
from domain.group import OPERATOR
from domain.user import User
from tests.web import examples
from tests.web.conftest import id_of
from tests.web.people import People
from tests.web.serving import Service
from tests.web.sockets import fleet
from tests.web.sockets.conftest import refused

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def organization_id(here: Flashlog) -> UUID:
    made = examples.organization(here, "doors")
    # The first manager is its owner and stays one.
    fleet.token_of_administrator(here, made)
    return made


@pytest.fixture(scope="module")
def paths(here: Flashlog, organization_id: UUID) -> dict[str, str]:
    members = fleet.Members(here, 1, organization_id=organization_id)
    (operation_id,) = members.fill(1)
    return {
        "operation": f"upgrade-operation/{operation_id}/",
        "batch": f"batch-upgrade-operation/{members.id}/",
        "device": f"device/{members.device_ids[0]}/",
        "events": "event/",
    }


CHANNELS = ("operation", "batch", "device", "events")


@pytest.mark.parametrize("channel", CHANNELS)
def test_staff_who_manage_the_organization_and_may_see_it_are_let_in(
    service: Service,
    here: Flashlog,
    organization_id: UUID,
    paths: dict[str, str],
    channel: str,
) -> None:
    for token in (
        fleet.token_of_operator(here, organization_id),
        fleet.token_of_administrator(here, organization_id),
    ):
        service.open(f"/ws/firmware-upgrader/{paths[channel]}", token).close()


@pytest.mark.parametrize("channel", CHANNELS)
def test_everybody_else_is_refused_before_the_handshake(
    service: Service,
    here: Flashlog,
    organization_id: UUID,
    paths: dict[str, str],
    channel: str,
) -> None:
    lacking = fleet.tokens_of_those_refused(here, organization_id)
    if channel == "events":
        # Whoever manages another organization is told of that one.
        del lacking["of another"]
    for token in lacking.values():
        with refused(403):
            service.open(f"/ws/firmware-upgrader/{paths[channel]}", token)


@pytest.mark.parametrize("channel", CHANNELS)
def test_whoever_manages_the_organization_no_more_is_closed(
    service: Service,
    here: Flashlog,
    organization_id: UUID,
    paths: dict[str, str],
    channel: str,
) -> None:
    people = People(here, None)  # type: ignore[arg-type]
    user_id = people.user(
        organization_id, is_admin=True, is_staff=True, groups=(OPERATOR.number,)
    )
    token = token_of(here, user_id=user_id)
    listener = service.open(f"/ws/firmware-upgrader/{paths[channel]}", token)
    set_membership(
        here, user_id=user_id, organization_id=organization_id, is_admin=False
    )
    while listener.receive_or_close() is not None:
        pass
    assert listener.closed[0] == 1008
    assert "position=" in listener.closed[1]


def test_whoever_is_deactivated_is_closed(service: Service, here: Flashlog) -> None:
    people = People(here, None)  # type: ignore[arg-type]
    user_id = people.user(name="leaver", is_superuser=True, is_staff=True)
    token = token_of(here, user_id=user_id)
    listener = service.listen(examples.operation(here), token)
    listener.ask()
    user = here.log.get(User, id_of(here, "leaver"))
    user.deactivate()
    here.log.append(user)
    assert listener.close_code() == 1008


def test_a_device_that_changes_hands_takes_its_operations_along(
    service: Service, here: Flashlog, organization_id: UUID
) -> None:
    device_id = examples.device(here, organization_id=organization_id)
    operation_id = fleet.started(here, device_id, examples.image(here))
    old = fleet.token_of_operator(here, organization_id)
    listener = service.listen(operation_id, old)
    new_owner = examples.organization(here, "new-owner")
    fleet.give_away(here, device_id, new_owner)
    assert listener.close_code() == 1008
    with refused(403):
        service.listen(operation_id, old)
    service.listen(operation_id, fleet.token_of_operator(here, new_owner)).close()
