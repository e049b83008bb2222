"""`flashlog device import`: a fleet from elsewhere, again and again."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from werkzeug.serving import make_server

from application.commands.device_lifecycle import deactivate_device
from application.commands.users import add_user, find_user, token_of
from application.errors import NotFoundError
from application.flashlog import Flashlog
from application.procedure.check import CheckReport, check_device
from application.settings import Settings
from tests.cli.conftest import AddRouter, Cli
from tests.web.controller.conftest import (
    credential_body,
    device_body,
    group_body,
    location_body,
    made,
)
from tests.web.examples import organization
from tests.web.people import Caller
from web.app import create_app
from web.cli import exits
from web.cli.installation import local_inventory

TABLE = """\
Name,MAC,IP,Model,Group,Location,User,Password,Jump
roof-1,60:E3:27:AA:BB:01,10.0.0.1,Archer C7,roofs,Tower,admin,secret1,gate@gw.mesh:2222
roof-2,60-e3-27-aa-bb-02,10.0.0.2 roof-2.mesh,,roofs,,,,
"""
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
INI = """\
# a comment
[roofs]
ap1 ansible_host=10.1.0.1 mac=60:e3:27:aa:cc:01 model="Archer C7"
ap2 ansible_host=10.1.0.2 mac_address=60:e3:27:aa:cc:02 ansible_port=2222

[high:children]
roofs

[high:vars]
ansible_user=admin
ansible_ssh_common_args='-o ProxyJump=gate@gw.mesh'

[all:vars]
ansible_password="secret1"
notes=ours
"""
YAML = """\
all:
  vars:
    ansible_password: secret1
    notes: ours
  children:
    high:
      vars:
        ansible_user: admin
        ansible_ssh_common_args: -J gate@gw.mesh
      children:
        roofs:
          hosts:
            ap1: {ansible_host: 10.1.0.1, mac: 60:e3:27:aa:cc:01, model: Archer C7}
            ap2:
              ansible_host: 10.1.0.2
              mac_address: 10:20:30:40:50:10
              ansible_port: 2222
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return written(tmp_path / "routers.csv", TABLE)


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def counts(cli: Cli, *arguments: object) -> dict[str, int]:
    found = cli("device", "import", *arguments, "--json").json["counts"]
    return {verdict: count for verdict, count in found.items() if count}


def shown(cli: Cli, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cli("device", "show", name, "--json").json
    return found


def test_a_table_is_brought_once_however_often_it_is_imported(
    cli: Cli, table: Path
) -> None:
    assert counts(cli, table, "--empty-password", "--dry-run") == {"new": 2}
    assert cli("device", "list", "--json").json == []
    assert counts(cli, table, "--empty-password") == {"new": 2}
    before = cli("device", "list", "--json").json
    assert counts(cli, table, "--empty-password") == {"same": 2}
    assert cli("device", "list", "--json").json == before

    first, second = shown(cli, "roof-1"), shown(cli, "roof-2")
    assert first["mac_address"] == "60:e3:27:aa:bb:01"
    assert first["log_ins"] == ["admin at port 22"]
    assert first["jumps"][0]["address"] == "gw.mesh"
    assert first["location_id"]
    assert first["group_id"] == second["group_id"] != None  # noqa: E711
    assert second["addresses"] == ["10.0.0.2", "roof-2.mesh"]
    assert second["log_ins"] == ["root at port 22"]


def test_one_import_goes_on_at_a_time(cli: Cli, table: Path, tmp_path: Path) -> None:
    # Each of two would make the locations that there are not yet.
    other = Flashlog(Settings(data_dir=tmp_path / "data"))
    with other.alone("import"):
        said = cli("device", "import", table, "--empty-password")
    other.close()
    assert said.status == exits.REFUSED
    assert "another import is under way" in said.err
    assert counts(cli, table, "--empty-password") == {"new": 2}


def test_what_has_changed_is_brought_up_to_date(cli: Cli, table: Path) -> None:
    counts(cli, table, "--empty-password")
    table.write_text(TABLE.replace("roof-2,", "attic,").replace("10.0.0.1", "10.0.0.9"))
    said = cli("device", "import", table, "--empty-password", "--dry-run")
    assert "changed: line 2 (roof-1): addresses" in said.out
    assert "changed: line 3 (attic): name" in said.out
    assert shown(cli, "roof-2")
    assert counts(cli, table, "--empty-password") == {"changed": 2}
    assert counts(cli, table, "--empty-password") == {"same": 2}
    assert shown(cli, "attic")["mac_address"] == "60:e3:27:aa:bb:02"
    assert shown(cli, "roof-1")["addresses"] == ["10.0.0.9"]


def test_the_way_to_a_router_is_brought_up_to_date(cli: Cli, table: Path) -> None:
    counts(cli, table, "--empty-password")
    table.write_text(TABLE.replace("gate@gw.mesh:2222", "gate@gw.mesh admin@gw2.mesh"))
    said = cli("device", "import", table, "--empty-password", "--dry-run")
    assert "changed: line 2 (roof-1): jump hosts\n" in said.out
    assert [jump["address"] for jump in shown(cli, "roof-1")["jumps"]] == ["gw.mesh"]
    assert counts(cli, table, "--empty-password") == {"changed": 1, "same": 1}
    assert counts(cli, table, "--empty-password") == {"same": 2}
    ways = [jump["address"] for jump in shown(cli, "roof-1")["jumps"]]
    assert ways == ["gw.mesh", "gw2.mesh"]
    assert "goes through gw.mesh, gw2.mesh" in cli("device", "history", "roof-1").out

    # A source that is silent on them takes nothing away; one for all is for all.
    table.write_text(TABLE.replace("gate@gw.mesh:2222", ""))
    assert counts(cli, table, "--empty-password") == {"same": 2}
    assert counts(cli, table, "--empty-password", "--jump", "a@gw3.mesh") == {
        "changed": 2
    }

    # As in ssh_config, the way may be said to lead through nobody.
    table.write_text(TABLE.replace("gate@gw.mesh:2222", "none"))
    again = (cli, table, "--empty-password", "--jump", "a@gw3.mesh")
    assert counts(*again) == {"changed": 1, "same": 1}
    assert counts(*again) == {"same": 2}
    assert shown(cli, "roof-1")["jumps"] == []
    assert "goes through no host" in cli("device", "history", "roof-1").out


def test_none_and_a_host_cannot_both_be_the_way(cli: Cli, table: Path) -> None:
    table.write_text(TABLE.replace("gate@gw.mesh:2222", "none gate@gw.mesh"))
    said = cli("device", "import", table, "--empty-password")
    assert said.status == exits.FAILED
    assert "none and gate@gw.mesh cannot both be the way to a router" in said.out


def test_a_uuid_is_taken_where_none_is_known_and_never_replaced(
    cli: Cli, tmp_path: Path
) -> None:
    def told(uuid: str) -> Path:
        text = f"name,mac,ip,uuid\nroof-1,60:e3:27:aa:bb:01,10.0.0.1,{uuid}\n"
        return written(tmp_path / "routers.csv", text)

    one, other = (f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
    assert counts(cli, told(""), "--empty-password") == {"new": 1}
    assert counts(cli, told(one), "--empty-password") == {"changed": 1}
    assert counts(cli, told(one), "--empty-password") == {"same": 1}
    said = cli("device", "import", told(other), "--empty-password")
    assert said.status == exits.FAILED
    assert f"is known by {one} here, and by {other} there" in said.out
    assert shown(cli, "roof-1")["agent_uuid"] == one


def test_wrong_lines_are_named_and_the_others_brought(cli: Cli, table: Path) -> None:
    table.write_text(
        TABLE
        + "bad-mac,xx,10.0.0.3,,,,,,\n"
        + "roof-1,60:e3:27:aa:bb:04,10.0.0.4,,,,,,\n"
        + "bad-address,60:e3:27:aa:bb:05,not_an_address,,,,,,\n"
        + "bad-port,60:e3:27:aa:bb:06,10.0.0.6,,,,,,gate@gw:99999\n"
        + "too-long,60:e3:27:aa:bb:07,10.0.0.7,,,,,,,,,\n"
        + "\n"
    )
    for dry_run in (("--dry-run",), ()):
        said = cli("device", "import", table, "--empty-password", *dry_run)
        assert said.status == exits.FAILED
        for where in ("line 4 (bad-mac)", "line 5 (roof-1)", "line 6", "line 7"):
            assert f"wrong: {where}" in said.out
        assert "wrong: line 8" in said.out
        assert "2 new, 0 changed, 0 same, 5 wrong" in said.out
    assert len(cli("device", "list", "--json").json) == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,mac\nroof,x\n", "missing are addresses"),
        ("name,mac,ip,color\n", "not known: color"),
        ("name,mac,ip,\n", "not known: one without a name"),
        ("name,mac,ip,mac\n", "several columns for mac_address"),
        ("name,mac,mac_address,ip\n", "several columns for mac_address"),
        ("", "missing are name"),
        ("name,mac,ip\nroof,\0,x\n", "zero bytes"),
        ('name,mac,ip\nroof,"a"b,x\n', "line 2 is no line of a table"),
        (f"name,mac,ip\nroof,{'a' * 200_000},x\n", "line 2 is no line of a table"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(
    cli: Cli, tmp_path: Path, text: str, sentence: str
) -> None:
    said = cli("device", "import", written(tmp_path / "t.csv", text))
    assert said.status == exits.USAGE
    assert sentence in said.err


def test_what_is_no_text_is_told_with_what_to_do(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "routers.csv"
    path.write_bytes("name;mac;ip\nWähring;x;y\n".encode("latin-1"))
    said = cli("device", "import", path)
    assert (said.status, "save it as that" in said.err) == (exits.USAGE, True)
    for wrong in (tmp_path, tmp_path / "nothing.csv"):
        said = cli("device", "import", wrong)
        assert (said.status, "cannot be read" in said.err) == (exits.USAGE, True)
    path.write_text(TABLE)
    keys = tmp_path / "known_hosts"
    keys.write_bytes(b"\xff")
    said = cli("device", "import", path, "--empty-password", "--known-hosts", keys)
    assert (said.status, "known_hosts: it is not text" in said.err) == (2, True)


def test_notes_may_have_several_lines(cli: Cli, tmp_path: Path) -> None:
    text = 'name,mac,ip,notes\nroof,60:e3:27:aa:bb:01,10.0.0.1,"one\ntwo"\n,,,\n'
    path = written(tmp_path / "routers.csv", text + "bad,x,10.0.0.2,\n")
    said = cli("device", "import", path, "--empty-password")
    assert "wrong: line 5 (bad)" in said.out
    assert shown(cli, "roof")["notes"] == "one\ntwo"


@pytest.mark.parametrize(("name", "text"), [("hosts", INI), ("hosts.yml", YAML)])
def test_an_inventory_of_ansible_is_brought(
    cli: Cli, tmp_path: Path, name: str, text: str
) -> None:
    inventory = written(tmp_path / name, text)
    assert counts(cli, inventory, "--dry-run") == {"new": 2}
    assert counts(cli, inventory) == {"new": 2}
    assert counts(cli, inventory) == {"same": 2}
    first, second = shown(cli, "ap1"), shown(cli, "ap2")
    assert first["addresses"] == ["10.1.0.1"]
    assert (first["model"], first["notes"]) == ("Archer C7", "ours")
    assert first["log_ins"] == ["admin at port 22"]
    assert second["log_ins"] == ["admin at port 2222"]
    assert first["jumps"][0]["address"] == "gw.mesh"
    assert first["group_id"]


def test_what_only_ansible_understands_is_not_guessed(cli: Cli, tmp_path: Path) -> None:
    text = (
        "[roofs]\n"
        'ap1 mac=60:e3:27:aa:cc:01 ansible_host="{{ where }}"\n'
        "ap2\n"
        "ap3 mac=60:e3:27:aa:cc:03 ansible_ssh_common_args='-o ProxyCommand=nc'\n"
        "ap4 mac\n"
        "[roofs\n"
        "ap[01:02] mac=60:e3:27:aa:cc:05\n"
    )
    inventory = written(tmp_path / "hosts", text)
    said = cli("device", "import", inventory, "--empty-password", "--dry-run")
    assert "(ap1): ansible_host needs Ansible" in said.out
    assert "(ap2): no MAC address" in said.out
    assert "(ap3): a ProxyCommand is not understood" in said.out
    assert "line 5" in said.out
    assert "line 6" in said.out
    # A range stands for several routers, which cannot have one address.
    assert "host ap02 (ap02): mac_address: It is the same as that of" in said.out


def test_ansible_says_too_that_the_way_leads_through_nobody(
    cli: Cli, tmp_path: Path
) -> None:
    line = "ap1 mac=60:e3:27:aa:cc:01 ansible_host=10.1.0.1"
    through = f"{line} ansible_ssh_common_args='-J {{}}'\n"
    inventory = written(tmp_path / "hosts", through.format("gate@gw.mesh"))
    assert counts(cli, inventory, "--empty-password") == {"new": 1}
    inventory.write_text(f"{line}\n")
    assert counts(cli, inventory, "--empty-password") == {"same": 1}
    inventory.write_text(through.format("none"))
    assert counts(cli, inventory, "--empty-password") == {"changed": 1}
    assert shown(cli, "ap1")["jumps"] == []


def test_what_is_merged_and_what_is_encrypted_is_understood(
    cli: Cli, tmp_path: Path
) -> None:
    text = """\
roofs:
  hosts:
    ap1: &like {mac: 60:e3:27:aa:cc:01, ansible_user: admin, ansible_password: x}
    ap2: {<<: *like, mac: 60:e3:27:aa:cc:02,
          ansible_ssh_common_args: -o 'ProxyJump gate@gw.mesh'}
    ap3:
      mac: 60:e3:27:aa:cc:03
      ansible_password: !vault |
        $ANSIBLE_VAULT;1.1;AES256
        6162
"""
    said = cli("device", "import", written(tmp_path / "hosts.yml", text))
    assert said.status == exits.FAILED
    assert "(ap3): ansible_password needs Ansible" in said.out
    second = shown(cli, "ap2")
    assert second["log_ins"] == ["admin at port 22"]
    assert [jump["address"] for jump in second["jumps"]] == ["gw.mesh"]


def test_yaml_that_is_none_is_refused(cli: Cli, tmp_path: Path) -> None:
    for text in ("a: [", "- ap1\n", "roofs: 7\n", "a: !x [1]\n", "<<: 3\n"):
        said = cli("device", "import", written(tmp_path / "hosts.yml", text))
        assert said.status == exits.USAGE


def test_host_keys_are_pinned_from_known_hosts(
    cli: Cli, tmp_path: Path, table: Path
) -> None:
    salt = b"salt" * 5
    digest = hmac.digest(salt, b"10.0.0.2", "sha1")
    hashed = "|".join(
        ["", "1", *(base64.b64encode(each).decode() for each in (salt, digest))]
    )
    lines = f"10.0.0.1,roof ssh-ed25519 {KEY}\n{hashed} ssh-ed25519 {KEY}\n# mine\n"
    known_hosts = written(tmp_path / "known_hosts", lines)
    assert counts(cli, table, "--empty-password") == {"new": 2}
    with_keys = (table, "--empty-password", "--known-hosts", known_hosts)
    assert counts(cli, *with_keys) == {"changed": 2}
    assert counts(cli, *with_keys) == {"same": 2}
    raw = base64.b64decode(KEY)
    digest = hashlib.sha256(raw).digest()
    fingerprint = base64.b64encode(digest).decode().rstrip("=")
    for name in ("roof-1", "roof-2"):
        assert shown(cli, name)["host_key"] == f"SHA256:{fingerprint}"


@pytest.fixture
def openwisp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Caller, Flashlog]]:
    """Another installation, served over HTTP: the interface is OpenWISP's."""
    settings = Settings(
        data_dir=tmp_path / "there", request_rate_limit="off", allowed_hosts="*"
    )
    there = Flashlog(settings)
    app = create_app(there)
    add_user(there, username="root", password="tester", is_superuser=True)
    token = token_of(there, user_id=find_user(there, "root").id)
    monkeypatch.setenv("OPENWISP_TOKEN", token)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield (
        f"http://127.0.0.1:{server.server_port}",
        Caller(app.test_client(), token),
        there,
    )
    server.shutdown()
    thread.join(timeout=60)
    server.server_close()
    there.close()


def test_a_running_openwisp_is_brought_with_its_ids(
    cli: Cli, openwisp: tuple[str, Caller, Flashlog]
) -> None:
    url, root, there = openwisp
    ours = organization(there, "freifunk")
    group = made(root, "/group/", group_body(ours, context={"vlan": 7}))
    location = made(root, "/location/", location_body(ours))
    credential = made(root, "/credential/", credential_body(ours))
    devices = []
    for number in range(1, 13):
        body = device_body(
            ours,
            name=f"ap-{number}",
            mac_address=f"AA:BB:CC:DD:EE:{number:02d}",
            group=group["id"] if number == 1 else None,
            key=f"key-{number}",
        )
        device = made(root, "/device/", body)
        where = f"/device/{device['id']}/"
        made(root, f"{where}connection/", {"credentials": credential["id"]})
        root.put(
            f"/api/v1/controller{where}location/", json={"location": location["id"]}
        )
        devices.append(device)
    deactivate_device(there, UUID(devices[-1]["id"]))

    first = cli("device", "import", url, "--dry-run", "--json")
    assert first.status == exits.FAILED
    (wrong,) = [each for each in first.json["outcomes"] if each["verdict"] == "wrong"]
    assert "secret is not shown" in wrong["said"][0]
    assert cli("device", "list", "--json").json == []

    login = ("--empty-password",)
    # Besides the devices an organization, a group, a location and credentials.
    assert counts(cli, url, *login, "--dry-run") == {"new": 16, "same": 1}
    assert counts(cli, url, *login) == {"new": 16, "same": 1}
    before = cli("device", "list", "--json").json
    assert counts(cli, url, *login) == {"same": 17}
    assert cli("device", "list", "--json").json == before

    assert {each["id"] for each in before} == {each["id"] for each in devices}
    found = shown(cli, "ap-1")
    assert found["organization_id"] == str(ours)
    assert found["group_id"] == group["id"]
    assert found["location_id"] == location["id"]
    (connection,) = found["connections"]
    assert connection["credentials_id"] == credential["id"]
    assert found["management_ip"] == "10.0.0.2"
    assert not shown(cli, "ap-12")["is_active"]

    root.patch(
        f"/api/v1/controller/device/{devices[0]['id']}/",
        json={"name": "renamed", "management_ip": "10.0.0.77"},
    )
    said = cli("device", "import", url, *login)
    assert "(renamed): name; addresses" in said.out
    assert shown(cli, "renamed")["addresses"] == ["10.0.0.77"]


def test_an_openwisp_that_refuses_or_is_none_is_said_so(
    cli: Cli,
    openwisp: tuple[str, Caller, Flashlog],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, _, _ = openwisp
    monkeypatch.setenv("OPENWISP_TOKEN", "wrong")
    said = cli("device", "import", url, "--empty-password")
    assert said.status == exits.USAGE
    assert "answers 401" in said.err
    assert "wrong" not in said.err.replace("wrong usage", "")
    said = cli("device", "import", "http://127.0.0.1:9", "--empty-password")
    assert "does not answer as OpenWISP" in said.err
    monkeypatch.delenv("OPENWISP_TOKEN")
    said = cli("device", "import", url)
    assert said.status == exits.USAGE
    assert "OPENWISP_TOKEN" in said.err


def _without(name: str) -> Any:
    def check(flashlog: Flashlog, device_id: UUID) -> CheckReport:
        row = flashlog.views.one("device", str(device_id))
        if row and row["name"] == name:
            raise NotFoundError("there is no Device")
        return check_device(flashlog, device_id)

    return check


def test_a_selection_of_routers_is_looked_at(
    cli: Cli, add_router: AddRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("roof-1", "roof-2"):
        add_router(name)
    cli(
        "device",
        "add",
        "gone",
        "--address",
        "127.0.0.9",
        "--mac",
        "02:00:00:00:00:09",
        "--port",
        "9",
        "--empty-password",
    )
    said = cli("device", "check", "roof-1", "roof-2")
    assert said.status == exits.DONE, said.out
    assert "2 of 2 are ready" in said.out
    said = cli("device", "check", "--all", "--json")
    assert said.status == exits.UNREACHABLE
    assert [each["name"] for each in said.json] == ["gone", "roof-1", "roof-2"]
    # One that is deleted at the same moment keeps nobody from hearing of the others.
    monkeypatch.setattr(local_inventory, "check_device", _without("roof-1"))
    said = cli("device", "check", "roof-1", "roof-2", "--json")
    assert said.status == exits.UNREACHABLE
    troubles = {each["name"]: each["trouble"] for each in said.json}
    assert troubles == {"roof-1": "there is no Device", "roof-2": ""}
    assert cli("device", "check", "--group", "nothing").status == exits.NOT_FOUND
    assert cli("device", "check").status == exits.USAGE
