"""The inventory: register, find, change."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.commands.devices import (
    NewCredentials,
    NewDevice,
    add_credentials,
)
from application.commands.reaching import change_addresses, release_host_key
from application.commands.registration import JumpLogin, Logins, register
from application.errors import LogFullError
from application.flashlog import Flashlog
from application.queries.finding_devices import find_device
from domain.credentials import Credentials
from domain.device.device import Device
from domain.errors import InvalidError, NotFoundError
from domain.organization import Organization
from tests.application.houses import MAC, a_device, kept_in_vault, opened
from tests.domain import examples


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path / "house") as flashlog:
        yield flashlog


def an_organization(flashlog: Flashlog) -> UUID:
    founded = Organization.found(uuid4(), name="other", slug="other")
    flashlog.show(flashlog.log.append(founded))
    return founded.id


def refused(flashlog: Flashlog, **changes: Any) -> dict[str, list[str]]:
    """Register what must be refused; return each wrong field with its sentences."""
    position = flashlog.log.end()
    with pytest.raises(InvalidError) as refusal:
        a_device(flashlog, credentials_ids=(), **changes)
    assert flashlog.log.end() == position
    return refusal.value.fields


# --- credentials ---------------------------------------------------------------------


def test_the_secret_of_a_login_is_in_the_vault_and_not_in_the_log(
    flashlog: Flashlog,
) -> None:
    login = NewCredentials(username="admin", port=2222, password="open sesame")
    credentials_id = add_credentials(flashlog, login)

    credentials = flashlog.log.get(Credentials, credentials_id)
    assert (credentials.username, credentials.port) == ("admin", 2222)
    assert flashlog.vault.get(credentials.secret_id)["password"] == "open sesame"
    stored = flashlog.log.recorder.select_notifications(None, 100)
    assert all(b"sesame" not in event.state for event in stored)


@pytest.mark.parametrize(
    "login", [NewCredentials(), NewCredentials(password="a", private_key="b")]
)
def test_a_login_is_by_password_or_by_key(
    flashlog: Flashlog, login: NewCredentials
) -> None:
    with pytest.raises(InvalidError, match="either a password or a private key"):
        add_credentials(flashlog, login)


# --- register ------------------------------------------------------------------------


def test_a_registered_router_is_shown_as_it_was_given(flashlog: Flashlog) -> None:
    device_id = a_device(
        flashlog, mac_address="00-11-22-AA-BB-CC", host_key=examples.KEY
    )

    device = flashlog.log.get(Device, device_id)
    assert device.mac_address == MAC
    assert device.host_key == examples.KEY
    assert len(device.enabled_connections) == 1
    row = flashlog.views.one("device", str(device_id))
    assert row
    assert (row["name"], row["host_key"]) == ("roof-17", examples.KEY.fingerprint)


def test_every_wrong_field_is_told_at_once(flashlog: Flashlog) -> None:
    wrong = refused(
        flashlog, name="", mac_address="no mac", addresses=("not an address",)
    )

    assert set(wrong) == {"name", "mac_address", "address"}
    assert all(sentence.endswith(".") for (sentence,) in wrong.values())


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "line\nbreak"])
def test_a_name_that_cannot_be_read_is_refused(flashlog: Flashlog, name: str) -> None:
    assert set(refused(flashlog, name=name)) == {"name"}


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "fe80::1%eth0", "2001:db8::1", "router.example", "r1"]
)
def test_addresses_are_of_hosts_or_of_ip(flashlog: Flashlog, address: str) -> None:
    device_id = a_device(flashlog, addresses=(address,))

    assert flashlog.log.get(Device, device_id).addresses == (address,)


@pytest.mark.parametrize(
    "address",
    ["", "-oProxyCommand=x", "a b", "10.0.0.1;reboot", "$(id)", "a..b", "x" * 64],
)
def test_an_address_that_is_none_is_refused(flashlog: Flashlog, address: str) -> None:
    assert set(refused(flashlog, addresses=(address,))) == {"address"}


def test_a_router_with_its_log_ins_may_be_called_like_another_organizations(
    flashlog: Flashlog,
) -> None:
    other = an_organization(flashlog)
    a_device(flashlog)
    new = NewDevice(name="roof-17", mac_address=MAC, organization_id=other)
    login = NewCredentials(password="secret")
    jump = JumpLogin(address="jump.example.org", login=login)

    device_id = register(flashlog, new, Logins(new=login, jumps=(jump,)))

    device = flashlog.log.get(Device, device_id)
    used = [device.connections[0].credentials_id, device.jumps[0].credentials_id]
    assert [flashlog.log.get(Credentials, each).organization_id for each in used] == [
        other,
        other,
    ]
    with pytest.raises(InvalidError, match=r"name.*mac_address"):
        register(flashlog, new, Logins(new=login))


def test_a_router_is_registered_with_no_log_in_of_others(flashlog: Flashlog) -> None:
    login = NewCredentials(password="secret")
    theirs = add_credentials(flashlog, login, organization_id=an_organization(flashlog))
    shared = add_credentials(flashlog, login, organization_id=None)

    with pytest.raises(InvalidError, match="credentials"):
        a_device(flashlog, credentials_ids=(theirs,))
    a_device(flashlog, credentials_ids=(shared,))


def test_a_name_and_a_mac_are_given_once_in_an_organization(
    flashlog: Flashlog,
) -> None:
    a_device(flashlog)

    assert set(refused(flashlog, name="Roof-17")) == {"name", "mac_address"}
    assert set(refused(flashlog, name="other")) == {"mac_address"}
    a_device(flashlog, organization_id=an_organization(flashlog))


def test_an_id_that_is_taken_is_told(flashlog: Flashlog) -> None:
    device_id = a_device(flashlog)

    wrong = refused(
        flashlog, name="other", mac_address="02:00:00:00:00:01", device_id=device_id
    )

    assert set(wrong) == {"id"}


def test_credentials_that_do_not_exist_are_told(flashlog: Flashlog) -> None:
    with pytest.raises(InvalidError) as refusal:
        a_device(flashlog, credentials_ids=(uuid4(),))

    assert set(refusal.value.fields) == {"credentials"}


def test_of_many_that_register_the_same_router_one_succeeds(
    flashlog: Flashlog,
) -> None:
    together = Barrier(5)

    def register(_: int) -> UUID | None:
        together.wait(60)
        try:
            return a_device(flashlog, credentials_ids=())
        except InvalidError:
            return None

    with ThreadPoolExecutor(5) as pool:
        registered = list(filter(None, pool.map(register, range(5))))

    assert len(registered) == 1
    assert len(flashlog.views.all("device")) == 1


# --- find ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["roof-17", "ROOF-17", MAC, "001122AABBCC", "00-11-22-aa-bb-cc", "10.0.0.7"],
)
def test_a_device_is_found_by_name_mac_or_address(
    flashlog: Flashlog, text: str
) -> None:
    device_id = a_device(flashlog)
    a_device(
        flashlog, "roof-18", mac_address="02:00:00:00:00:01", addresses=("10.0.0.8",)
    )

    assert find_device(flashlog, text) == device_id


def test_a_device_is_found_by_its_id_however_it_is_written(flashlog: Flashlog) -> None:
    device_id = a_device(flashlog)

    assert find_device(flashlog, str(device_id).upper()) == device_id


def test_a_device_without_an_address_is_found_by_its_name(flashlog: Flashlog) -> None:
    device_id = a_device(flashlog, addresses=())

    assert find_device(flashlog, "roof-17") == device_id


def test_who_looks_for_nothing_known_is_told_where_to_look(
    flashlog: Flashlog,
) -> None:
    with pytest.raises(NotFoundError) as refusal:
        find_device(flashlog, "roof-99")

    assert str(refusal.value) == (
        "no device has the name, MAC, address or id 'roof-99': "
        "`flashlog device list` shows those there are"
    )


def test_what_fits_several_devices_lists_them(flashlog: Flashlog) -> None:
    first = a_device(flashlog)
    second = a_device(flashlog, "roof-18", mac_address="02:00:00:00:00:01")

    with pytest.raises(NotFoundError) as refusal:
        find_device(flashlog, "10.0.0.7")

    assert f"roof-17 ({first})" in str(refusal.value)
    assert f"roof-18 ({second})" in str(refusal.value)
    assert str(refusal.value).endswith("; use an id")


# --- change --------------------------------------------------------------------------


def test_new_addresses_replace_the_old_ones(flashlog: Flashlog) -> None:
    device_id = a_device(flashlog)

    change_addresses(flashlog, device_id=device_id, addresses=("10.0.0.9",))

    assert find_device(flashlog, "10.0.0.9") == device_id
    with pytest.raises(NotFoundError):
        find_device(flashlog, "10.0.0.7")


def test_the_same_addresses_again_change_nothing(flashlog: Flashlog) -> None:
    device_id = a_device(flashlog)
    end = flashlog.log.end()

    change_addresses(flashlog, device_id=device_id, addresses=("10.0.0.7",))

    assert flashlog.log.end() == end


def test_wrong_addresses_change_nothing(flashlog: Flashlog) -> None:
    device_id = a_device(flashlog)

    with pytest.raises(InvalidError):
        change_addresses(flashlog, device_id=device_id, addresses=("a b",))

    assert flashlog.log.get(Device, device_id).addresses == ("10.0.0.7",)


def test_a_released_host_key_makes_room_for_the_next(flashlog: Flashlog) -> None:
    device_id = a_device(flashlog, host_key=examples.KEY)

    release_host_key(
        flashlog, device_id=device_id, reason="replaced", by=examples.PERSON
    )

    assert flashlog.log.get(Device, device_id).host_key is None
    end = flashlog.log.end()
    release_host_key(flashlog, device_id=device_id, reason="again")
    assert flashlog.log.end() == end


def test_a_log_in_that_is_not_recorded_leaves_no_secret(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise LogFullError("no room")

    kept = kept_in_vault(flashlog)
    monkeypatch.setattr(flashlog.log, "append", full)

    with pytest.raises(LogFullError):
        add_credentials(flashlog, NewCredentials(password="hunter2"))

    assert kept_in_vault(flashlog) == kept
