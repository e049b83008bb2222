"""Whose events are: every kind has a rule, and it outlives the thing itself."""

from uuid import UUID, uuid4

import msgspec
import pytest

from application.access import Account
from application.flashlog import Flashlog
from application.projections.belonging import RULES
from application.queries.belonging import (
    Belonging,
    Viewer,
    belongings,
    organization_of,
)
from application.settings import Settings
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.permissions import PERMISSIONS
from domain.topics import TOPICS
from tests.web import examples
from tests.web.sockets import fleet


@pytest.fixture
def flashlog(tmp_path_factory: pytest.TempPathFactory) -> Flashlog:
    made = Flashlog(Settings(data_dir=tmp_path_factory.mktemp("data")))
    made.projector.catch_up()
    return made


@pytest.fixture
def mine(flashlog: Flashlog) -> UUID:
    return examples.organization(flashlog, "mine")


def of(flashlog: Flashlog, thing_id: UUID) -> Belonging:
    last = flashlog.log.story(thing_id)[-1].event
    position, (found,) = belongings(flashlog.views, [last])
    assert position == flashlog.log.end()
    return found


def viewer(*organizations: UUID, models: tuple[str, ...] = ()) -> Viewer:
    return Viewer.of(
        Account(
            user_id=uuid4(),
            is_active=True,
            is_staff=True,
            is_superuser=False,
            permissions=frozenset(f"view_{model}" for model in models),
            manages=frozenset(organizations),
        )
    )


def test_every_kind_of_thing_has_a_rule() -> None:
    kinds = {event.AGGREGATE for event in TOPICS.values()}
    assert kinds - set(RULES) == set(), "say in RULES whose the events of these are"


def test_every_model_may_be_viewed() -> None:
    models = {rule.model for rule in RULES.values() if rule.model}
    assert models == {each.model for each in PERMISSIONS.values()} & models


def test_everything_is_about_what_it_is_a_part_of(
    flashlog: Flashlog, mine: UUID
) -> None:
    members = fleet.Members(flashlog, 1, organization_id=mine)
    (operation_id,) = members.fill(1)
    image = flashlog.log.get(FirmwareImage, members.image_id)
    device_id = members.device_ids[0]
    for thing_id, about in (
        (device_id, ()),
        (operation_id, (device_id, members.id)),
        (members.image_id, (image.build_id,)),
        (members.id, ()),
    ):
        found = of(flashlog, thing_id)
        assert found.organization_id == str(mine)
        assert not found.is_shared
        assert {str(thing_id), *map(str, about)} <= found.about
        assert organization_of(flashlog.views, thing_id) == str(mine)


def test_what_has_no_organization_is_shared_or_nobodys(
    flashlog: Flashlog, mine: UUID
) -> None:
    members = fleet.Members(flashlog, 1, organization_id=mine, shared=True)
    everything = viewer(mine, models=tuple({rule.model for rule in RULES.values()}))
    image, batch = of(flashlog, members.image_id), of(flashlog, members.id)
    assert image.is_shared
    assert everything.sees(image)
    assert not batch.is_shared
    assert not everything.sees(batch)
    assert organization_of(flashlog.views, members.id) is None


def test_an_operation_goes_with_its_device(flashlog: Flashlog, mine: UUID) -> None:
    device_id = examples.device(flashlog, organization_id=mine)
    operation_id = fleet.started(flashlog, device_id, examples.image(flashlog))
    theirs = examples.organization(flashlog, "theirs")
    fleet.give_away(flashlog, device_id, theirs)
    assert of(flashlog, operation_id).organization_id == str(theirs)


def test_what_was_deleted_belongs_where_it_did(flashlog: Flashlog, mine: UUID) -> None:
    device_id = examples.device(flashlog, organization_id=mine)
    operation_id = fleet.started(flashlog, device_id, examples.image(flashlog))
    device = flashlog.log.get(Device, device_id)
    device.deactivate()
    device.delete()
    flashlog.show(flashlog.log.append(device))
    assert flashlog.views.one("device", str(device_id)) is None
    assert of(flashlog, device_id).organization_id == str(mine)
    assert of(flashlog, operation_id).organization_id == str(mine)


def test_it_takes_both_the_organization_and_the_permission(
    flashlog: Flashlog, mine: UUID
) -> None:
    found = of(flashlog, fleet.operation_of(flashlog, mine))
    assert viewer(mine, models=("upgradeoperation",)).sees(found)
    assert not viewer(mine, models=("device",)).sees(found)
    assert not viewer(uuid4(), models=("upgradeoperation",)).sees(found)
    assert not viewer(models=("upgradeoperation",)).sees_anything()


def test_an_event_of_something_unknown_is_for_superusers_alone(
    flashlog: Flashlog, mine: UUID
) -> None:
    story = flashlog.log.story(examples.device(flashlog, organization_id=mine))
    stray = msgspec.structs.replace(story[0].event).placed(uuid4(), 1)
    _, (found,) = belongings(flashlog.views, [stray])
    everything = viewer(mine, models=tuple({rule.model for rule in RULES.values()}))
    assert not everything.sees(found)
    assert Viewer(is_superuser=True).sees(found)
