"""The same promises of an installation on this machine and of a service elsewhere.

One real service works for both; each has routers of its own.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from application import passwords
from application.commands.batches import Wish
from application.commands.device_groups import create_group
from application.commands.devices import NewCredentials, NewDevice
from application.commands.images import NewImage, add_image
from application.commands.registration import Logins, register
from application.commands.users import add_user, token_of
from application.errors import InvalidError, NotFoundError, RefusedError
from application.flashlog import Flashlog
from application.procedure.check import check_device
from application.settings import Settings
from application.simulation import Fleet, SimulatedRouter
from domain.device.device import Device
from domain.device_group import GroupDescription
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.cli.conftest import Cli, Said
from tests.routers.images import build_image
from tests.web.over_http import CHEAP_SCRYPT
from tests.web.serving import Service, eventually, serving
from tests.web.sockets.fleet import token_of_operator
from web.cli import exits
from web.cli.installation.local import LocalInstallation
from web.cli.installation.past import Wanted
from web.cli.installation.ports import ImagePlace, Installation, Row
from web.cli.installation.remote import RemoteInstallation
from web.cli.remote.errors import LoggedOutError
from web.cli.remote.login import Login

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

NEW, OLD = "24.10.0", "22.03.7"
BUILD = f"{NEW} r24106-10cc5fcd00"
PLACES = ("local", "remote")
# Of rows that both tell, these are written otherwise.
_WRITTEN_OTHERWISE = {"created", "modified", "connections"}


class City:
    """A service, and the routers that it is asked to upgrade."""

    def __init__(self, flashlog: Flashlog, service: Service, fleet: Fleet) -> None:
        self.flashlog = flashlog
        self.service = service
        self.admin = add_user(
            flashlog, username="maria", password="secret", is_superuser=True
        )
        self.token = token_of(flashlog, user_id=self.admin)
        self.places: dict[str, Installation] = {
            "local": LocalInstallation(flashlog, lambda: self.admin),
            "remote": RemoteInstallation(Login(url=service.url, token=self.token)),
        }
        self._routers = iter(fleet.routers)
        self.images = {
            release: add_image(
                flashlog,
                NewImage(file_name=f"{release}.bin"),
                [build_image(release=release)],
            )
            for release in (NEW, OLD)
        }

    def router(
        self, name: str, *, group_id: UUID | None = None
    ) -> tuple[UUID, SimulatedRouter]:
        """Register the next router, and look at it."""
        router = next(self._routers)
        facts = router.facts()
        new = NewDevice(
            name=name,
            mac_address=facts.macs[0],
            addresses=(router.host,),
            agent_uuid=UUID(facts.uuid) if facts.uuid else None,
            group_id=group_id,
        )
        log_in = NewCredentials(
            username="root", password=router.password, port=router.port
        )
        device_id = register(self.flashlog, new, Logins(new=log_in))
        assert check_device(self.flashlog, device_id).is_well
        return device_id, router

    def group(self, name: str) -> UUID:
        group = GroupDescription(name=name, organization_id=DEFAULT_ORGANIZATION_ID)
        return create_group(self.flashlog, group)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("city"),
        bind="127.0.0.1:0",
        log_level="ERROR",
        reconnect_delay_seconds=0.3,
        reconnect_retry_delay_seconds=0.5,
        connect_seconds=2,
        memory_settle_seconds=1,
        token_rate_limit="off",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_SCRYPT", CHEAP_SCRYPT)
        with Fleet.of(25) as fleet, serving(settings) as service:
            flashlog = Flashlog(settings)
            made = City(flashlog, service, fleet)
            yield made
            for place in made.places.values():
                place.close()
            flashlog.close()


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def here(city: City, place: str) -> Installation:
    return city.places[place]


def same(local: Row, remote: Row) -> None:
    """Both rows say the same wherever they say something."""
    both = (local.keys() & remote.keys()) - _WRITTEN_OTHERWISE
    assert {name: local[name] for name in both} == {name: remote[name] for name in both}
    assert len(both) >= 5


def upgrade(here: Installation, device_id: UUID, image_id: UUID) -> UUID:
    operation_id = here.operations.start(
        device_id=device_id, image_id=image_id, options={}, expendable_packages=()
    )
    assert operation_id is not None
    return operation_id


# --- finding -----------------------------------------------------------------


def test_things_are_found_by_what_people_call_them(
    city: City, here: Installation, place: str
) -> None:
    name = f"finder-{place}"
    device_id, router = city.router(name)
    inventory = here.inventory
    for text in (name, name.upper(), router.facts().macs[0], str(device_id)):
        assert inventory.find_device(text) == device_id
    image_id = city.images[NEW]
    row = next(each for each in inventory.images() if each["id"] == str(image_id))
    for text in (NEW, f"{NEW}.bin", row["sha256"][:10], str(image_id)):
        assert inventory.find_image(text) == image_id
    build_id = UUID(row["build_id"] if "build_id" in row else row["build"])
    for text in (BUILD, f"openwrt/{BUILD}", str(build_id)):
        assert inventory.find_build(text) == build_id
    assert inventory.build_version(build_id) == BUILD


def test_what_there_is_not_is_not_found(here: Installation) -> None:
    inventory = here.inventory
    for find in (
        inventory.find_device,
        inventory.find_image,
        inventory.find_build,
        inventory.find_group,
        inventory.find_location,
        here.operations.find,
        here.batches.find,
    ):
        for text in ("nothing", "3f2a9c", "3f", str(uuid4())):
            with pytest.raises(NotFoundError):
                find(text)


def add(here: Installation, path: Path, **place: Any) -> Row:
    return here.inventory.add_image(path, ImagePlace(**place), lambda *_: None)


def test_a_file_is_known_by_its_checksum(
    city: City, here: Installation, place: str, tmp_path: Path
) -> None:
    file = tmp_path / "other-name.bin"
    file.write_bytes(build_image(release=NEW))
    device_id, _ = city.router(f"sum-{place}")
    of_device = here.inventory.image_place(device_id)
    row = here.inventory.add_image(file, of_device, lambda *_: None)
    assert row["id"] == str(city.images[NEW])
    assert here.inventory.image(city.images[NEW])["file_name"] == f"{NEW}.bin"


def test_a_file_is_added_where_it_is_to_go(
    city: City, here: Installation, place: str, tmp_path: Path
) -> None:
    file = tmp_path / 'a "new" öne.bin'
    file.write_bytes(build_image(release=f"25.12.{PLACES.index(place)}", size=1 << 20))
    row = add(here, file, version=f"1.{place}", health_checks=("true",))
    assert (row["category"], row["version"]) == ("OpenWrt", f"1.{place}")
    assert row["size_bytes"] == file.stat().st_size
    assert add(here, file, version=f"1.{place}", organization="default") == row
    city.flashlog.show(city.flashlog.log.end())
    same(*(each.inventory.image(UUID(row["id"])) for each in city.places.values()))
    (build,) = (b for b in here.inventory.builds() if b["version"] == f"1.{place}")
    assert build["health_checks"] == ["true"]
    with pytest.raises(NotFoundError):
        add(here, file, organization="nobody")
    file.write_text("no image")
    with pytest.raises(InvalidError):
        add(here, file)


def test_how_much_of_a_file_was_sent_is_told(city: City, tmp_path: Path) -> None:
    file = tmp_path / "big.bin"
    file.write_bytes(build_image(release="25.12.7", size=1 << 20))
    told: list[tuple[int, int]] = []
    inventory = city.places["remote"].inventory
    inventory.add_image(file, ImagePlace(), lambda *each: told.append(each))
    size = file.stat().st_size
    assert told == sorted(told)
    assert len(told) > 10
    assert told[-1] == (size, size)


def test_routers_are_looked_at_alike(
    city: City, here: Installation, place: str
) -> None:
    group_id = city.group(f"looked-at-{place}")
    first, router = city.router(f"b-looked-at-{place}", group_id=group_id)
    second, gone = city.router(f"a-looked-at-{place}", group_id=group_id)
    gone.cut_network()
    inventory = here.inventory
    found = inventory.active_devices(group=f"looked-at-{place}", location=None)
    assert found == [second, first]
    reports = list(inventory.visit([first, second]))
    assert [each.device_id for each in reports] == [first, second]
    assert reports[0].is_well
    assert reports[0].facts is not None
    assert reports[0].facts.board == router.facts().board
    fits = {fit.image_id: fit.reason for fit in reports[0].images}
    assert fits[city.images[NEW]] == ""
    assert reports[1].facts is None
    assert reports[1].trouble
    with pytest.raises(NotFoundError):
        inventory.active_devices(group="nothing", location=None)


def test_what_is_said_of_a_router_is_changed_alike(
    city: City, here: Installation, place: str
) -> None:
    last = 1 + PLACES.index(place)
    device_id = register(
        city.flashlog,
        NewDevice(
            name=f"hill-{place}",
            mac_address=f"60:e3:27:00:0{last}:01",
            addresses=("10.9.0.7", "hill.mesh"),
        ),
        Logins(new=NewCredentials(username="root", password="secret")),
    )
    inventory = here.inventory
    changes = {"name": f"dale-{place}", "management_ip": "10.9.0.8", "notes": "moved"}
    inventory.change_device(device_id, changes)
    assert inventory.find_device(f"dale-{place}") == device_id
    changed = city.flashlog.log.get(Device, device_id)
    assert changed.addresses[0] == "10.9.0.8"
    assert changed.description.notes == "moved"
    with pytest.raises(InvalidError) as refused:
        inventory.change_device(device_id, {"mac_address": "60:e3"})
    assert list(refused.value.fields) == ["mac_address"]


def test_what_happened_to_a_router_is_told(
    city: City, here: Installation, place: str
) -> None:
    device_id, router = city.router(f"told-{place}")
    router.cut_network()
    operation_id = upgrade(here, device_id, city.images[NEW])
    here.operations.cancel(operation_id)
    city.flashlog.show(city.flashlog.log.end())
    told = here.inventory.history(device_id)
    assert "registered" in told[-1]["line"].lower()
    begun = [each for each in told if each["operation_id"] == str(operation_id)]
    assert [(each["event"], each["by"]) for each in begun] == [("Started", "maria")]
    assert begun[0]["line"] == f"upgrade to {BUILD}: cancelled"
    others = [each.inventory.history(device_id) for each in city.places.values()]
    assert len({len(each) for each in others}) == 1


# --- one router --------------------------------------------------------------


def test_an_upgrade_is_told_alike_to_its_end(
    city: City, here: Installation, place: str
) -> None:
    device_id, router = city.router(f"roof-{place}")
    operation_id = upgrade(here, device_id, city.images[NEW])
    moments = [each for each in here.operations.follow(operation_id) if each]
    assert moments[-1].status == "success"
    assert router.flashes == 1
    stories = [each.operations.story(operation_id) for each in city.places.values()]
    assert stories[0] == stories[1] == moments
    assert moments[0].by == "maria"
    city.flashlog.show(city.flashlog.log.end())
    rows = [each.operations.show(operation_id) for each in city.places.values()]
    same(*rows)
    assert here.operations.find(str(operation_id)[:8]) == operation_id
    listed = here.operations.list(device_id=device_id, status="success", limit=5)
    assert [row["id"] for row in listed] == [str(operation_id)]
    with pytest.raises(RefusedError):
        here.operations.cancel(operation_id)
    with pytest.raises(RefusedError):
        here.operations.resume(operation_id)


def test_what_is_cancelled_is_not_flashed_and_may_be_tried_again(
    city: City, here: Installation, place: str
) -> None:
    device_id, router = city.router(f"tower-{place}")
    router.cut_network()
    operation_id = upgrade(here, device_id, city.images[NEW])
    here.operations.cancel(operation_id)
    assert here.operations.show(operation_id)["status"] == "cancelled"
    again = here.operations.retry(operation_id)
    here.operations.cancel(again)
    row = here.operations.show(again)
    assert (row["retry_of"], row["owed"]) == (str(operation_id), "")
    assert router.flashes == 0


def test_what_is_dangerous_must_be_confirmed(
    city: City, here: Installation, place: str
) -> None:
    device_id, _ = city.router(f"attic-{place}")

    def reasons(release: str, **options: bool) -> Any:
        return here.inventory.reasons_to_confirm(
            device_id=device_id, image_id=city.images[release], options=options
        )

    assert reasons(NEW) == ()
    assert len(reasons(OLD)) == 1
    assert len(reasons(OLD, n=True)) == 2
    with pytest.raises(InvalidError):
        reasons(NEW, n=True, c=True)


def test_both_show_the_same_of_the_same(city: City) -> None:
    local, remote = city.places.values()
    city.flashlog.show(city.flashlog.log.end())
    for listed in (
        [each.inventory.devices() for each in (local, remote)],
        [each.inventory.images() for each in (local, remote)],
        [each.inventory.builds() for each in (local, remote)],
    ):
        assert [row["id"] for row in listed[0]] == [row["id"] for row in listed[1]]
        for pair in zip(*listed, strict=True):
            same(*pair)
    device_id = UUID(str(local.inventory.devices()[0]["id"]))
    same(local.inventory.device(device_id), remote.inventory.device(device_id))
    assert "key" not in remote.inventory.device(device_id)


def test_operators_watch_and_are_refused_what_only_administrators_may(
    city: City,
) -> None:
    device_id, router = city.router("field")
    token = token_of_operator(city.flashlog, DEFAULT_ORGANIZATION_ID)
    login = Login(url=city.service.url, token=token)
    with closing(RemoteInstallation(login)) as operator:
        with pytest.raises(RefusedError, match="permission"):
            upgrade(operator, device_id, city.images[NEW])
        operation_id = upgrade(city.places["local"], device_id, city.images[NEW])
        moments = [each for each in operator.operations.follow(operation_id) if each]
        assert moments[-1].status == "success"
        assert moments[0].by == ""
        assert operator.inventory.find_device("field") == device_id
        assert operator.inventory.builds()
        with pytest.raises(RefusedError):
            operator.operations.cancel(operation_id)
    assert router.flashes == 1


def test_who_is_not_known_any_more_is_told_to_log_in_again(city: City) -> None:
    login = Login(url=city.service.url, token="0" * 40)
    with (
        closing(RemoteInstallation(login)) as stranger,
        pytest.raises(LoggedOutError, match="flashlog login http"),
    ):
        stranger.inventory.devices()


# --- many routers ------------------------------------------------------------


def test_a_mass_upgrade_is_checked_started_held_and_cancelled(
    city: City, here: Installation, place: str
) -> None:
    group_id = city.group(f"group-{place}")
    nobody = city.group(f"nobody-{place}")
    device_id, router = city.router(f"harbour-{place}", group_id=group_id)
    router.cut_network()
    wish = Wish(group_id=here.inventory.find_group(f"group-{place}"), upgrade_all=True)
    build_id = here.inventory.find_build(BUILD)
    found = here.batches.check(build_id, wish)
    assert found["devices"] == [str(device_id)]
    batch_id = here.batches.start(build_id, wish)
    here.batches.hold(batch_id, "a look")
    row = here.batches.show(batch_id)
    assert (row["held"], row["target_count"]) == ("a look", 1)
    city.flashlog.show(city.flashlog.log.end())
    same(*(each.batches.show(batch_id) for each in city.places.values()))
    # Nothing goes on while it is held: so the watching ends.
    assert list(here.batches.follow(batch_id))[-1]["held"] == "a look"
    here.batches.resume(batch_id)
    here.batches.cancel(batch_id)
    last = list(here.batches.follow(batch_id))[-1]
    assert (last["status"], last["flashing"]) == ("cancelled", 0)
    assert here.batches.find(str(batch_id)[:8]) == batch_id
    assert str(batch_id) in {
        row["id"] for row in here.batches.list(status="cancelled", limit=9)
    }
    with pytest.raises(RefusedError):
        here.batches.hold(batch_id, "")
    with pytest.raises(RefusedError):
        here.batches.start(build_id, msgspec.structs.replace(wish, group_id=nobody))


# --- a service that goes away ------------------------------------------------


def restart_web(service: Service) -> None:
    """Kill the web process; the service starts another one."""
    before = service.children()["web"]
    os.kill(before, signal.SIGKILL)
    eventually(lambda: service.children().get("web", before) != before)


def test_a_follower_misses_nothing_when_the_service_is_started_again(
    city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    local, remote = city.places.values()
    device_id, router = city.router("summit")
    router.cut_network()
    operation_id = upgrade(remote, device_id, city.images[NEW])
    moments = []
    for moment in remote.operations.follow(operation_id):
        if moment is None:
            continue
        moments.append(moment)
        if len(moments) == 2:
            restart_web(city.service)
            local.operations.cancel(operation_id)
    assert moments == local.operations.story(operation_id)
    assert moments[-1].status == "cancelled"
    assert "trying again" in capsys.readouterr().err


# --- commands ----------------------------------------------------------------


@pytest.fixture
def at(
    city: City, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Callable[..., Said]]:
    """Run commands on one of the places."""

    def place(name: str) -> Callable[..., Said]:
        data_dir = str(city.flashlog.settings.data_dir)
        monkeypatch.setenv("FLASHLOG_DATA_DIR", data_dir)
        monkeypatch.setenv("FLASHLOG_URL", city.service.url)
        monkeypatch.setenv("FLASHLOG_TOKEN", city.token)
        return partial(cli, "--here") if name == "local" else cli

    return place


def test_commands_print_the_same_and_leave_with_the_same_status(
    city: City, at: Callable[[str], Callable[..., Said]], place: str
) -> None:
    name = f"island-{place}"
    _, router = city.router(name)
    run = at(place)
    watched = run("upgrade", name, NEW, "--watch")
    assert watched.status == exits.DONE, watched.err
    assert "success (operation " in watched.out
    assert router.flashes == 1
    assert [line for line in watched.out.splitlines() if line != line.rstrip()] == []
    assert "\x1b" not in watched.out + watched.err
    again = run("upgrade", name, NEW, "--watch")
    assert again.status == exits.DONE
    assert "nothing to do" in again.out + again.err
    assert router.flashes == 1
    refused = run("upgrade", name, OLD)
    assert refused.status == exits.REFUSED
    assert f"repeat the name with --yes {name}" in refused.err
    *_, row = run("operation", "list", "--device", name, "--json").json
    shown = run("operation", "show", row["id"][:8])
    assert "started by" in shown.out
    # Nothing is said of what a service does not tell.
    assert "none pinned yet" not in run("device", "show", name).out
    assert run("operation", "watch", row["id"]).status == exits.DONE
    lines = run("operation", "watch", row["id"], "--json").json_lines
    assert lines[-1]["status"] == "success"
    assert run("operation", "cancel", row["id"]).status == exits.REFUSED
    assert run("operation", "show", "3f2a9c").status == exits.NOT_FOUND
    assert run("batch", "check", "nonsense").status == exits.NOT_FOUND
    for words in (
        ("device", "list"),
        ("device", "show", name),
        ("image", "list"),
        ("build", "list"),
        ("batch", "list"),
        ("operation", "list"),
    ):
        assert run(*words).status == exits.DONE
        said = run(*words, "--json")
        assert isinstance(said.json, dict | list), said


# --- the past ----------------------------------------------------------------


@pytest.fixture(scope="module")
def upgraded(city: City) -> tuple[UUID, UUID]:
    """A router that was upgraded, and how."""
    device_id, router = city.router("looked-back")
    local = city.places["local"]
    operation_id = upgrade(local, device_id, city.images[NEW])
    for _ in local.operations.follow(operation_id):
        pass
    assert router.flashes == 1
    city.flashlog.show(city.flashlog.log.end())
    return device_id, operation_id


def test_what_happened_is_told_alike(city: City, upgraded: tuple[UUID, UUID]) -> None:
    device_id, operation_id = upgraded
    for kind, text in (
        ("device", "looked-back"),
        ("device", str(device_id)),
        ("operation", str(operation_id)[:8]),
        ("image", f"{NEW}.bin"),
        ("user", "maria"),
    ):
        local, remote = (
            each.past.history(kind, text, as_of=None) for each in city.places.values()
        )
        assert local.events, kind
        assert local.thing_id == remote.thing_id
        assert encoded(local.events) == encoded(remote.events)
        if kind in {"device", "operation"}:
            assert local.state is not None
            assert remote.state is not None
            assert local.state["modified"][:19] == remote.state["modified"][:19]
            assert "key" not in remote.state
        then = str(local.events[0]["position"])
        for each in city.places.values():
            told = each.past.history(kind, text, as_of=then)
            assert told.as_of == int(then)
            assert encoded(told.events) == encoded(local.events[:1])


def test_what_was_never_there_has_no_past(here: Installation) -> None:
    for kind in ("device", "operation", "batch", "image", "user"):
        for text in ("nothing", str(uuid4())):
            with pytest.raises(NotFoundError):
                here.past.history(kind, text, as_of=None)
    with pytest.raises(InvalidError):
        here.past.differences("yesterday", None)
    with pytest.raises(InvalidError):
        here.past.differences("9", "1")


def test_what_the_fleet_ran_is_told_alike(
    city: City, upgraded: tuple[UUID, UUID]
) -> None:
    device_id, operation_id = upgraded
    end = str(city.flashlog.log.end())
    local, remote = (
        encoded(each.past.differences("0", end)) for each in city.places.values()
    )
    assert local == remote
    (row,) = (each for each in local if each["device"] == str(device_id))
    assert row["steps"][-1]["operation"] == str(operation_id)
    wanted = Wanted(release=NEW, image=f"{NEW}.bin", build=BUILD, start="0", end=end)
    local, remote = (
        encoded(each.past.exposed(wanted)) for each in city.places.values()
    )
    assert local == remote
    assert str(device_id) in {each["device"] for each in local}


def encoded(rows: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(rows))


def test_a_checkpoint_is_given_to_those_who_keep_it_elsewhere(
    here: Installation,
) -> None:
    name, size, *_ = here.past.checkpoint().splitlines()
    assert name
    assert int(size) > 0


def test_audit_commands_say_the_same_of_both(
    at: Callable[[str], Callable[..., Said]], upgraded: tuple[UUID, UUID]
) -> None:
    _, operation_id = upgraded
    for words in (
        ("audit", "show", "operation", operation_id),
        ("audit", "replay", operation_id),
        ("audit", "diff", "0"),
        ("audit", "diff", "0", "--csv"),
        ("audit", "exposure", "--release", "1.0", "--csv"),
        ("device", "check", "looked-back"),
    ):
        local, remote = (at(place)(*words) for place in PLACES)
        assert local.status == remote.status == exits.DONE, (words, local, remote)
        if "check" not in words:
            assert local.out.splitlines()[2:] == remote.out.splitlines()[2:]
        assert remote.out
