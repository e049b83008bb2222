"""What is going on in the town: every state that something can be in."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from application.commands.memberships import set_membership
from application.commands.users import add_user
from domain.device.device import Device
from domain.device.words import Connection
from tests.console.showroom import stories
from tests.console.showroom.house import House
from tests.console.showroom.places import (
    ARABIC,
    BELKIN,
    CUDY,
    KINDS,
    MARKUP,
    TURNED,
    UNBROKEN,
    Places,
)
from tests.console.showroom.stories import Rollout, Upgrade
from tests.web.recorded import note_trouble, record_visit

_DAY_MINUTES = 24 * 60
_REFUSED = "10.12.0.21 port 22 as root: the log-in was refused."


class Town:
    """`things` are what pages are about, by the words of the scenes."""

    def __init__(self, directory: Path) -> None:
        self.house = House(directory, begun_days_ago=9)
        self.places = Places(self.house)
        self.things: dict[str, UUID] = {}
        self.maria = add_user(
            self.house.flashlog, username="maria", password="tester", is_superuser=True
        )
        self.nobody = add_user(
            self.house.flashlog, username="nobody", password="tester"
        )
        set_membership(
            self.house.flashlog,
            user_id=self.nobody,
            organization_id=self.places.home,
            is_admin=True,
        )
        self._long_ago()
        self._yesterday()
        self._single_upgrades()
        self._today()
        self.house.ago(minutes=0)
        self.house.show()

    def _long_ago(self) -> None:
        self.house.ago(minutes=6 * _DAY_MINUTES)
        done = [self.places.device(kind=CUDY) for _ in range(24)]
        rollout = Rollout(self.places, done, by=self.maria)
        rollout.let(done, Upgrade.succeeded)
        self.things["batch done"] = rollout.batch.id
        self.house.ago(minutes=5 * _DAY_MINUTES)
        stopped = [self.places.device() for _ in range(12)]
        rollout = Rollout(self.places, stopped, by=self.maria)
        rollout.let(stopped[:4], Upgrade.succeeded)
        rollout.let(stopped[4:6], lambda each: each.cancelled(self.maria))
        rollout.batch.cancel(by=self.maria)
        self.house.tell(rollout.batch)
        self.things["batch cancelled"] = rollout.batch.id

    def _yesterday(self) -> None:
        """One that held itself after three failures, with much still to come."""
        self.house.ago(minutes=_DAY_MINUTES)
        some = [self.places.device(kind=BELKIN) for _ in range(20)]
        rollout = Rollout(
            self.places, some, by=self.maria, group_id=self.places.groups[0]
        )
        rollout.let(some[:5], Upgrade.succeeded)
        failed = rollout.let(some[5:8], lambda each: each.failed(stories.OLD_AGAIN))
        rollout.let(some[8:10], lambda each: each.aborted(stories.INVALID))
        rollout.let(some[10:14])
        rollout.count_failures(failed)
        self.things["batch held"] = rollout.batch.id

    def _single_upgrades(self) -> None:
        told: list[tuple[str, str, Callable[[Upgrade], Any]]] = [
            ("success", "", Upgrade.succeeded),
            ("failed", UNBROKEN, lambda each: each.failed(stories.NEVER_BACK)),
            ("aborted", "", lambda each: each.aborted(stories.OTHER_ROUTER)),
            ("aborted by key", "", lambda each: each.aborted(stories.OTHER_KEY)),
            ("cancelled", ARABIC, lambda each: each.cancelled(self.maria)),
            ("owing", "", lambda each: each.cancelled(self.maria, owing=True)),
            ("given up", "", self._given_up),
            ("held", "", self._held),
            ("waiting", TURNED, self._waiting),
        ]
        self.house.ago(minutes=140)
        for name, device_name, live in told:
            device = self._device(name, device_name, notes=f"Ask for the key. {name}")
            self.things[name] = live(Upgrade(self.places, device, by=self.maria)).id
        printed = "release=23.05.5\nboard=tplink,archer-c7-v5\n" * 20
        record_visit(self.house.flashlog, self.things["failed"], printed=printed)
        note_trouble(self.house.flashlog, self.things["failed"], "no room was left")
        again = self.house.flashlog.log.get(Device, self.things["device success"])
        success = self.things["success"]
        repeated = Upgrade(self.places, again, by=self.maria, retry_of=success)
        repeated.told().cancelled(self.maria)

    def _today(self) -> None:
        """A big one in full swing, and a few devices besides."""
        self.house.ago(minutes=32)
        many = [self.places.device(kind=KINDS[n % 3]) for n in range(240)]
        rollout = Rollout(self.places, many, by=self.maria)
        rollout.let(many[:118], Upgrade.succeeded)
        rollout.let(many[118:124], lambda each: each.aborted(stories.NO_MEMORY))
        rollout.let(many[124:126], lambda each: each.failed(stories.NEVER_BACK))
        rollout.let(many[126:129], lambda each: each.cancelled(self.maria))
        self.house.ago(minutes=1)
        rollout.let(many[129:135], Upgrade.rebooting)
        rollout.let(many[135:141], lambda each: each.uploading(0.71))
        rollout.let(many[141:143], Upgrade.checking)
        rollout.let(many[143:190])
        self.things["batch"] = rollout.batch.id
        for name, live in (
            ("queued", Upgrade.told),
            ("uploading", Upgrade.uploading),
            ("flashing", Upgrade.flashing),
        ):
            upgrade = Upgrade(self.places, self._device(name), by=self.maria)
            self.things[name] = live(upgrade).id
        self._others()
        rollout = Rollout(self.places, [self._device("idle")], by=self.maria)
        self.things["batch idle"] = rollout.batch.id

    def _others(self) -> None:
        """Devices of which nothing is going on."""
        self._device("new", MARKUP, runs=None)
        bare = self._device("bare", connections=(), addresses=(), management_ip=None)
        asleep = self._device("asleep", "depot-3")
        asleep.deactivate(by=self.maria)
        self.house.tell(asleep, bare)
        known = self.places.credentials_id
        for number in range(4):
            lost = self._device("lost", f"lost-{number + 1}")
            now = self.house.clock.now() - timedelta(minutes=7 * number)
            lost.note_log_ins(worked=None, refused={known: _REFUSED}, at=now)
            self.house.tell(lost)
        works = self.places.works
        given = {"organization_id": works, "group_id": None, "location_id": None}
        for number in range(3):
            self._device("of others", f"hall-{number + 1}", **given)

    def _device(self, thing: str, name: str = "", **said: Any) -> Device:
        if said.get("connections") is None:
            connection = Connection(
                connection_id=uuid4(), credentials_id=self.places.credentials_id
            )
            said["connections"] = (connection,)
            self.things[f"connection {thing}"] = connection.connection_id
        device = self.places.device(name, **said)
        self.house.tell(device)
        self.things[f"device {thing}"] = device.id
        return device

    def _given_up(self, upgrade: Upgrade) -> Upgrade:
        upgrade.cancelled(self.maria, owing=True)
        reason = "the router was taken down and is in the workshop"
        upgrade.operation.give_up_obligations(reason=reason, by=self.maria)
        return upgrade.told(3600)

    def _held(self, upgrade: Upgrade) -> Upgrade:
        upgrade.uploading()
        upgrade.operation.hold("the log was restored from a backup of 02:00")
        return upgrade.told(5)

    def _waiting(self, upgrade: Upgrade) -> Upgrade:
        upgrade.uploading()
        upgrade.operation.schedule_retry(
            cause="10.12.0.9 port 22: the connection was lost while the image was sent",
            not_before=self.house.opened_at + timedelta(minutes=3),
        )
        return upgrade.told(12)
