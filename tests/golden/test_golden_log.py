"""What older versions have stored is understood for ever."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from application.adapters.mapper import TypedMapper
from application.adapters.sqlite.connections import Connections
from application.adapters.sqlite.log import SQLiteLog
from application.log import EventLog
from application.procedure.story import render_log
from application.projections.projector import Projector, open_views
from application.projections.views import Views
from domain.base import Aggregate, Event, rebuild
from domain.catalogue import Build, Category, FirmwareImage
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device_group import DeviceGroup
from domain.group import Group
from domain.location import Location
from domain.operation.operation import UpgradeOperation
from domain.organization import Organization
from domain.reservation import Reservation
from domain.topics import TOPICS
from domain.user import User
from tests.domain import examples
from tests.golden import catalogue, inventory, stories
from tests.golden.make import Line, path_of

NEWEST = path_of("v0_1")
MAPPER = TypedMapper()


def stored_in(path: Path) -> list[StoredEvent]:
    with path.open("rb") as file:
        lines = [msgspec.json.decode(line, type=Line) for line in file]
    return [
        StoredEvent(
            originator_id=UUID(line.originator_id),
            originator_version=line.originator_version,
            topic=line.topic,
            state=line.state.encode(),
        )
        for line in lines
    ]


STORED = stored_in(NEWEST)


def told() -> Mapping[UUID, Aggregate]:
    by_story: dict[UUID, list[Event]] = {}
    for stored in STORED:
        event = MAPPER.to_domain_event(stored)
        by_story.setdefault(event.originator_id, []).append(event)
    retold = (rebuild(None, story) for story in by_story.values())
    return {each.id: each for each in retold if each}


TOLD = told()


def state_of(story_id: UUID) -> dict[str, Any]:
    return examples.state_of(TOLD[story_id])


def operation(story_id: UUID) -> UpgradeOperation:
    found = TOLD[story_id]
    assert isinstance(found, UpgradeOperation)
    return found


def test_every_kind_of_event_is_in_the_newest_golden_log() -> None:
    assert {stored.topic for stored in STORED} == set(TOPICS)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_what_was_stored_is_stored_the_same_today(topic: str) -> None:
    for stored in STORED:
        if stored.topic == topic:
            event = MAPPER.to_domain_event(stored)
            assert MAPPER.to_stored_event(event) == stored


def test_an_upgrade_with_too_little_memory_at_first_succeeded() -> None:
    upgrade = operation(stories.SUCCEEDED)

    assert (upgrade.status, upgrade.phase, upgrade.progress) == (
        "success",
        "verifying",
        100,
    )
    assert upgrade.is_settled
    assert upgrade.next_visit_at is None
    assert upgrade.options == {"c": True}
    assert upgrade.started_at == examples.AT
    assert upgrade.stopped_services == ("uhttpd", "collectd")
    assert upgrade.before
    assert upgrade.before.boot_id == "boot-1"
    assert (upgrade.attempt, upgrade.visit, upgrade.looks) == (1, 2, 1)
    assert upgrade.backup_id == stories.BACKUP


def test_an_upgrade_for_another_board_was_aborted() -> None:
    upgrade = operation(stories.ABORTED)

    assert (upgrade.status, upgrade.progress) == ("aborted", 10)
    assert upgrade.is_settled


def test_an_upgrade_was_cancelled_and_what_it_owed_given_up() -> None:
    upgrade = operation(stories.CANCELLED)

    assert upgrade.status == "cancelled"
    assert upgrade.retry_of == stories.ABORTED
    assert upgrade.given_up == ("file", "services", "switch", "wifi")
    assert upgrade.owed_since == examples.later(40)
    assert upgrade.is_settled


def test_an_upgrade_failed_with_its_old_firmware_after_a_retry() -> None:
    upgrade = operation(stories.FAILED)

    assert (upgrade.status, upgrade.attempt, upgrade.retries) == ("failed", 2, 1)
    assert upgrade.flash_begun_at == examples.AT
    assert upgrade.is_settled


def test_a_held_upgrade_was_resumed_and_goes_on() -> None:
    upgrade = operation(stories.RESUMED)

    assert (upgrade.status, upgrade.held) == ("in-progress", "")
    assert upgrade.owed == {"file", "services", "switch", "wifi"}
    assert upgrade.next_visit_at == examples.later(500)
    assert (upgrade.attempt, upgrade.restarts) == (2, 1)


def test_a_device_lived_through_everything() -> None:
    device = TOLD[stories.DEVICE]

    assert isinstance(device, Device)
    assert (device.name, device.mac_address) == ("roof-17", "00:11:22:aa:bb:cc")
    assert device.organization_id == stories.ORGANIZATION
    assert device.addresses == ("10.0.0.8",)
    assert device.host_key == stories.NEW_KEY
    assert device.enrolled_uuid == stories.ENROLLED
    assert device.learned
    assert device.learned.release == "22.03.5"
    (enabled,) = device.enabled_connections
    assert enabled.connection_id == stories.OTHER_CONNECTION
    assert device.jumps[0].address == "gate.example"
    assert device.operation_id == stories.SUCCEEDED
    assert device.firmware_id == stories.FIRMWARE
    assert (device.image_id, device.running_image_id) == (stories.IMAGE,) * 2
    assert device.installed
    assert device.is_active
    # It was deactivated meanwhile: its address is known, but not as it was.
    assert (device.management_ip, device.retired_ip) == (None, "10.0.0.8")
    assert (device.group_id, device.location_id) == (
        inventory.GROUP,
        inventory.LOCATION,
    )


def test_groups_and_locations_are_as_they_were() -> None:
    group, location = TOLD[inventory.GROUP], TOLD[inventory.LOCATION]

    assert isinstance(group, DeviceGroup)
    assert (group.description.name, group.description.context) == (
        "high roofs",
        {"vlan": 7},
    )
    assert isinstance(location, Location)
    assert location.place.geometry == {"type": "Point", "coordinates": [12.5, 41.9]}


@pytest.mark.parametrize("story_id", inventory.DELETED)
def test_what_was_deleted_is_deleted(story_id: UUID) -> None:
    assert TOLD[story_id].is_deleted


def test_the_catalogue_is_as_it_was() -> None:
    image, build = TOLD[stories.IMAGE], TOLD[stories.BUILD]
    category = TOLD[stories.CATEGORY]

    assert isinstance(category, Category)
    assert (category.name, category.organization_id) == ("OpenWrt", None)
    assert isinstance(build, Build)
    assert build.category_id == stories.CATEGORY
    assert build.software_version == "23.05.5 r24106-10cc5fcd00"
    assert build.health_checks == ("ping -c 1 10.0.0.1",)
    assert isinstance(image, FirmwareImage)
    assert image.facts.compat_message == "Ports were renamed: Größe ändern."
    assert image.facts.boards == ("tplink,archer-c7-v5",)
    assert image.facts.signed
    assert image.facts.models == ("TP-Link Archer C7 v5",)
    assert build.manifests == {"ath79/generic": catalogue.PACKAGES}


def test_a_category_was_renamed_and_deleted_with_all_that_is_in_it() -> None:
    category, build = TOLD[catalogue.OLD_CATEGORY], TOLD[catalogue.OLD_BUILD]

    assert isinstance(category, Category)
    assert isinstance(build, Build)
    assert (category.name, category.organization_id) == (
        "Freifunk",
        stories.ORGANIZATION,
    )
    assert (build.software_version, build.changelog) == ("1.0", "The first one.")
    gone = (catalogue.OLD_CATEGORY, catalogue.OLD_BUILD, catalogue.OLD_IMAGE)
    assert all(TOLD[each].is_deleted for each in gone)


def test_people_organizations_logins_and_names_are_as_they_were() -> None:
    user, organization = TOLD[stories.USER], TOLD[stories.ORGANIZATION]
    login, reservation = TOLD[stories.CREDENTIALS], TOLD[stories.RESERVED]

    assert isinstance(user, User)
    assert (user.person_id, user.password_id) == (
        stories.OTHER_PERSON,
        stories.OTHER_PASSWORD,
    )
    assert user.token_id == stories.TOKEN
    assert user.is_deleted
    assert not user.is_active
    assert not user.memberships
    assert isinstance(organization, Organization)
    assert organization.facts.url == "https://example.org"
    assert organization.owner_id == stories.USER
    assert organization.is_deleted
    group = TOLD[Group.id_of(3)]
    assert isinstance(group, Group)
    assert group.permissions == ("view_build", "view_device")
    assert isinstance(login, Credentials)
    assert (login.username, login.port, login.secret_id) == (
        "admin",
        2222,
        inventory.NEW_SECRET,
    )
    assert login.auto_add
    assert isinstance(reservation, Reservation)
    assert reservation.owner_id == stories.DEVICE


def test_an_old_log_is_shown_and_told_in_full(tmp_path: Path) -> None:
    log = EventLog(SQLiteLog(tmp_path / "log.sqlite"))
    connections = open_views(Connections(tmp_path / "views.sqlite"))
    log.recorder.insert_events(STORED)
    Projector(log, connections).catch_up()
    views = Views(connections)

    statuses = {row["id"]: row["status"] for row in views.all("operation")}
    assert sorted(statuses.values()) == [
        "aborted",
        "cancelled",
        "failed",
        "in-progress",
        "in-progress",
        "success",
    ]
    for story_id in map(UUID, statuses):
        assert render_log(log.story(story_id))
    connections.close()
    log.close()
