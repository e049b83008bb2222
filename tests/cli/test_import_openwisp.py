"""`flashlog device import URL`: from an OpenWISP that answers as the real one does."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from werkzeug.wrappers import Response

from tests.cli.conftest import Cli, Said
from tests.cli.test_import import counts, shown
from tests.cli.upstream import NOT_SSH, TOKEN, Upstream, an_id, refusal, served
from web.cli import exits

PEM = (
    Ed25519PrivateKey.generate()
    .private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    .decode()
)


@pytest.fixture
def upstream() -> Upstream:
    """Seven routers of two organizations, with all that belongs to them."""
    made = Upstream()
    default, city = (
        made.organization("default"),
        made.organization(
            "city",
            is_active=False,
            description="Wi-Fi of the city",
            url="https://city.example",
        ),
    )
    roofs, tower = made.group("roofs", city), made.location("tower", city)
    password = made.credential(
        "password", city, {"username": "root", "password": "secret1", "port": 2222}
    )
    key = made.credential("key", None, {"username": "root", "key": PEM, "port": 22})
    made.credential(
        "monitoring", city, {"community": "public", "agent": "x"}, connector=NOT_SSH
    )
    for number in range(1, 8):
        name = f"roof-{number}"
        device = made.device(
            name,
            city if number < 7 else default,
            number,
            group=roofs if number == 1 else None,
        )
        made.connect(device, key)
        if number < 7:
            made.connect(device, password, enabled=number != 2)
            made.places[device] = tower
    return made


@pytest.fixture
def url(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("OPENWISP_TOKEN", TOKEN)
    with served(upstream) as address:
        yield address


def device_path(name: str) -> str:
    return f"/api/v1/controller/device/{an_id(f'controller/device {name}')}/"


def devices(cli: Cli) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli("device", "list", "--json").json
    return found


def test_what_openwisp_tells_is_brought_with_its_ids(
    cli: Cli, url: str, upstream: Upstream
) -> None:
    # An organization, a group, a location, two log-ins and seven routers.
    new = {"new": 12, "same": 1, "skipped": 1}
    assert counts(cli, url, "--dry-run") == new
    assert devices(cli) == []
    assert counts(cli, url) == new
    before = devices(cli)
    assert counts(cli, url) == {"same": 13, "skipped": 1}
    assert devices(cli) == before

    told = {each["id"] for each in upstream.things["controller/device"]}
    assert {each["id"] for each in before} == told
    first, second = shown(cli, "roof-1"), shown(cli, "roof-2")
    assert first["mac_address"] == "00:11:22:aa:bb:01"
    assert first["addresses"] == ["10.8.0.1"]
    assert first["last_ip"] == "192.0.2.1"
    assert first["group_id"] == str(an_id("controller/group roofs"))
    assert first["location_id"] == str(an_id("controller/location tower"))
    assert first["log_ins"] == ["root at port 2222", "root at port 22"]
    # One that is not enabled there is not used here.
    assert second["log_ins"] == ["root at port 22"]
    (city,) = (
        each
        for each in cli("organization", "list", "--json").json
        if each["slug"] == "city"
    )
    assert city["id"] == first["organization_id"]
    assert (city["is_active"], city["description"]) == (False, "Wi-Fi of the city")


def test_what_does_not_lead_to_routers_is_told_and_is_no_error(
    cli: Cli, url: str
) -> None:
    said = cli("device", "import", url)
    assert said.status == exits.DONE
    assert "skipped: credential monitoring" in said.out
    assert "1 skipped" in said.out


def test_what_has_changed_there_is_brought_up_to_date(
    cli: Cli, url: str, upstream: Upstream
) -> None:
    counts(cli, url)
    first, second = (str(an_id(f"controller/device roof-{n}")) for n in (1, 2))
    upstream.change(first, mac_address="00:11:22:AA:CC:01", management_ip="10.8.9.1")
    upstream.change(second, management_ip=None)
    upstream.resting.add(second)
    for option in ("--dry-run", "--known-hosts=/dev/null"):
        said = cli("device", "import", url, option)
        assert "(roof-1): mac_address; addresses\n" in said.out
        assert "(roof-2): deactivated\n" in said.out
    assert shown(cli, "roof-1")["mac_address"] == "00:11:22:aa:cc:01"
    assert not shown(cli, "roof-2")["is_active"]
    # What is out of service here is not put back by an import.
    upstream.change(second, management_ip="10.8.0.2")
    upstream.resting.clear()
    assert counts(cli, url) == {"same": 13, "skipped": 1}
    assert not shown(cli, "roof-2")["is_active"]


def test_a_router_that_is_here_under_another_id_is_known_by_its_agent_now(
    cli: Cli, url: str
) -> None:
    cli(
        *("device", "add", "attic", "--address", "10.0.0.1", "--empty-password"),
        *("--mac", "00:11:22:aa:bb:07"),
    )
    said = cli("device", "import", url)
    assert "(roof-7): name; addresses; log-ins; uuid" not in said.out
    found = shown(cli, "roof-7")
    assert found["agent_uuid"] == str(an_id("controller/device roof-7"))
    assert found["id"] != found["agent_uuid"]
    history = cli("device", "history", "roof-7").out
    assert "known by the UUID" in history
    assert counts(cli, url) == {"same": 13, "skipped": 1}


def test_a_group_that_is_here_by_name_is_used(
    cli: Cli, url: str, upstream: Upstream
) -> None:
    upstream.group("cellars", str(an_id("users/organization default")))
    upstream.change(
        str(an_id("controller/device roof-7")),
        group=str(an_id("controller/group cellars")),
    )
    ours = cli("device", "list", "--json")
    assert ours.json == []
    table = "name,mac,ip,group\nroof-9,00:11:22:aa:bb:09,10.8.0.9,cellars\n"
    assert bring_table(cli, table).status == exits.DONE
    assert cli("device", "import", url).status == exits.DONE
    assert shown(cli, "roof-7")["group_id"] == shown(cli, "roof-9")["group_id"]


def bring_table(cli: Cli, text: str) -> Said:
    with NamedTemporaryFile("w", suffix=".csv") as file:
        Path(file.name).write_text(text)
        return cli("device", "import", file.name, "--empty-password")


def test_a_busy_server_is_asked_again(cli: Cli, url: str, upstream: Upstream) -> None:
    def busy(path: str) -> Response | None:
        throttled = "Request was throttled. Expected available in 0 seconds."
        if upstream.asked[path] <= 2:
            return refusal(429, throttled, **{"Retry-After": "0"})
        return None

    upstream.faults.append(busy)
    assert counts(cli, url)["new"] == 12


def test_one_router_that_cannot_be_told_of_leaves_the_others(
    cli: Cli, url: str, upstream: Upstream
) -> None:
    ill = device_path("roof-3")
    upstream.faults.append(
        lambda path: refusal(500, "Server Error (500)") if path == ill else None
    )
    said = cli("device", "import", url)
    assert said.status == exits.FAILED
    assert "(roof-3)" in said.out
    assert "answers 500" in said.out
    assert len(devices(cli)) == 6
    upstream.faults.clear()
    assert counts(cli, url) == {"new": 1, "same": 12, "skipped": 1}


def test_a_server_that_goes_on_failing_is_left_alone(
    cli: Cli, url: str, upstream: Upstream
) -> None:
    for number in range(20, 60):
        upstream.device(
            f"roof-{number}", str(an_id("users/organization default")), number
        )
    upstream.faults.append(
        lambda path: refusal(500, "") if path.count("/") == 6 else None
    )
    found = cli("device", "import", url, "--json").json
    assert found["counts"]["wrong"] == 47
    asked = sum(count for path, count in upstream.asked.items() if path.count("/") == 6)
    # Those that were on their way when the tenth failed, beside it.
    assert 10 <= asked <= 20
    assert devices(cli) == []


def test_a_router_that_was_deleted_meanwhile_is_none(
    cli: Cli, url: str, upstream: Upstream
) -> None:
    gone = device_path("roof-3")
    upstream.faults.append(
        lambda path: refusal(404, "Not found.") if path == gone else None
    )
    assert counts(cli, url)["new"] == 11


def test_a_list_that_becomes_shorter_while_it_is_read_ends(
    cli: Cli, url: str, upstream: Upstream
) -> None:
    def shorten(path: str) -> None:
        if path.endswith("/device/") and upstream.asked[path] == 3:
            del upstream.things["controller/device"][5:]

    upstream.faults.append(shorten)
    assert cli("device", "import", url).status == exits.DONE


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (refusal(401, "Invalid token."), "does not know the token"),
        (refusal(403, "Not a manager."), "superuser"),
        (refusal(500, ""), "answers 500"),
        (
            Response("", 301, {"Location": "https://elsewhere.example/api/v1/"}),
            "leads to https://elsewhere.example/api/v1/",
        ),
        (Response("<html>log in</html>", 200), "does not answer as OpenWISP"),
        (Response("[1]", 200), "does not answer as OpenWISP"),
        (Response("[" * 100_000, 200), "does not answer as OpenWISP"),
        (Response('{"results": [{}]}', 200), "missing required field"),
        (Response("{}", 200), "is it OpenWISP?"),
        (Response("", 404), "is it OpenWISP?"),
    ],
)
def test_nothing_is_brought_from_what_does_not_answer_as_it_should(
    cli: Cli, url: str, upstream: Upstream, answer: Response, sentence: str
) -> None:
    # The last thing that is asked for before anything is made.
    upstream.faults.append(lambda path: answer if path.endswith("/device/") else None)
    said = cli("device", "import", url, "--json")
    assert said.status == exits.USAGE
    assert sentence in said.err
    assert TOKEN not in said.err
    assert len(cli("organization", "list", "--json").json) == 1


def test_secrets_that_are_not_shown_are_told(
    cli: Cli, url: str, upstream: Upstream
) -> None:
    for each in upstream.things["controller/credential"]:
        if each["name"] == "password":
            each["params"] = {"username": "root", "password": "********", "port": 22}
    said = cli("device", "import", url)
    assert said.status == exits.FAILED
    assert "secret is not shown" in said.out
    # The routers come all the same, with the log-ins that could be brought.
    assert shown(cli, "roof-1")["log_ins"] == ["root at port 22"]
    assert counts(cli, url, "--empty-password") == {
        "new": 1,
        "changed": 5,
        "same": 7,
        "skipped": 1,
    }
    assert json.dumps(devices(cli)).count("secret1") == 0
