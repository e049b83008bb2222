"""`flashlog device`: registering routers and looking at them."""

import pytest

from application.simulation.faults import ChangedHostKey, WrongUuid
from tests.cli.conftest import AddRouter, Cli
from web.cli import exits

ROOF = ("device", "add", "roof", "--address", "10.0.0.7", "--mac", "60:e3:27:aa:bb:cc")
KEY = (
    "10.0.0.7 ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
)


@pytest.mark.parametrize(
    "text", ["roof", "ROOF", "60:e3:27:aa:bb:cc", "60-E3-27-AA-BB-CC", "10.0.0.7", "id"]
)
def test_a_device_is_found_by_name_mac_address_or_id(cli: Cli, text: str) -> None:
    device_id = cli(*ROOF, "--empty-password", "--json").json["id"]
    shown = cli("device", "show", device_id if text == "id" else text, "--json")
    assert shown.json["name"] == "roof"


def test_an_unknown_device_is_not_found(cli: Cli) -> None:
    said = cli("device", "show", "nowhere")
    assert said.status == exits.NOT_FOUND
    assert said.err.count("\n") == 1
    assert "`flashlog device list` shows those there are" in said.err


def test_every_wrong_field_gets_a_sentence_and_nothing_is_kept(cli: Cli) -> None:
    said = cli(
        *("device", "add", "x" * 65, "--address", "not an address"),
        *("--mac", "60:e3", "--empty-password"),
    )
    assert said.status == exits.USAGE
    for field in ("name: ", "mac_address: ", "address: "):
        assert f"flashlog: {field}" in said.err
    assert cli("device", "list", "--json").json == []


def test_the_same_name_or_mac_is_refused(cli: Cli) -> None:
    assert cli(*ROOF, "--empty-password").status == exits.DONE
    said = cli(*ROOF, "--empty-password")
    assert said.status == exits.USAGE
    assert "name: " in said.err
    assert "mac_address: " in said.err


@pytest.mark.parametrize("login", [(), ("--empty-password", "--password-stdin")])
def test_exactly_one_way_to_log_in_is_asked_for(
    cli: Cli, login: tuple[str, ...]
) -> None:
    said = cli(*ROOF, *login)
    assert said.status == exits.USAGE
    assert "say how to log in" in said.err


def test_a_key_that_cannot_be_read_is_refused_before_anything_is_kept(
    cli: Cli, tmp_path: object
) -> None:
    said = cli(*ROOF, "--key", __file__)
    assert said.status == exits.USAGE
    assert "the private key cannot be read" in said.err
    assert cli("device", "list", "--json").json == []


def test_a_host_key_may_be_pinned_from_known_hosts(cli: Cli) -> None:
    shown = cli(*ROOF, "--empty-password", "--host-key", KEY, "--json").json
    assert shown["host_key"].startswith("SHA256:")
    released = cli("device", "release", "roof", "--host-key", "--reason", "replaced")
    assert released.status == exits.DONE
    assert cli("device", "show", "roof", "--json").json["host_key"] == ""


@pytest.mark.parametrize("line", ["", "nonsense", KEY[:-3], KEY.replace("AC3", "AC4")])
def test_a_line_that_is_no_host_key_is_refused(cli: Cli, line: str) -> None:
    said = cli(*ROOF, "--empty-password", "--host-key", f"{line} x")
    assert said.status == exits.USAGE
    assert "This is no host key" in said.err


@pytest.mark.parametrize(
    "jump", ["gw", "@gw", "me@", "me@gw:x", "me@gw:0", "me@gw:65536"]
)
def test_a_jump_host_is_written_as_user_at_host(cli: Cli, jump: str) -> None:
    said = cli(*ROOF, "--empty-password", "--jump", jump)
    assert said.status == exits.USAGE
    assert "is not USER@HOST" in said.err


def test_another_device_may_be_logged_in_to_the_same_way(cli: Cli) -> None:
    cli(*ROOF, "--empty-password", "--user", "admin", "--port", "2022")
    added = cli(
        *("device", "add", "attic", "--address", "10.0.0.8"),
        *("--mac", "60:e3:27:aa:bb:dd", "--login-of", "roof", "--json"),
    )
    assert added.json["log_ins"] == ["admin at port 2022"]


@pytest.mark.parametrize(
    "login",
    [
        ("--login-of", "roof", "--user", "admin"),
        ("--login-of", "roof", "--port", "2022"),
        ("--login-of", "roof", "--jump", "me@gw"),
        ("--empty-password", "--passphrase"),
        ("--empty-password", "--jump-key", __file__),
    ],
    ids=lambda login: login[2] if "roof" in login else login[1],
)
def test_an_option_that_would_be_ignored_is_refused(
    cli: Cli, login: tuple[str, ...]
) -> None:
    cli(*ROOF, "--empty-password")
    said = cli(
        *("device", "add", "attic", "--address", "10.0.0.8"),
        *("--mac", "60:e3:27:aa:bb:dd", *login),
    )
    assert said.status == exits.USAGE
    assert "would be ignored" in said.err
    assert len(cli("device", "list", "--json").json) == 1


def test_the_history_of_a_router_begins_with_its_registration(cli: Cli) -> None:
    cli(*ROOF, "--empty-password", "--host-key", KEY)
    cli("device", "release", "roof", "--host-key", "--reason", "reset with the button")
    newest, pinned, registered = cli("device", "history", "roof", "--json").json
    assert registered["line"] == (
        "registered as roof, MAC 60:e3:27:aa:bb:cc, at 10.0.0.7"
    )
    assert pinned["line"].startswith("pinned host key ssh-ed25519 SHA256:")
    assert newest["line"] == "host key released: reset with the button"
    assert newest["by"].endswith("@local")
    assert newest["operation_id"] is None


def test_the_history_of_a_router_tells_visits_and_another_host_key(
    cli: Cli, add_router: AddRouter
) -> None:
    router = add_router("roof", uuid=None)
    cli("device", "check", "roof")
    cli("device", "check", "roof")
    uuid = cli("device", "enroll", "roof", "--json").json["enrolled_uuid"]
    router.inject(ChangedHostKey())
    cli("device", "release", "roof", "--host-key", "--reason", "reset")
    assert cli("device", "check", "roof").status == exits.DONE
    happened = cli("device", "history", "roof", "--json").json[::-1]
    assert [each["event"] for each in happened] == [
        "Registered",
        "HostKeyPinned",
        "FactsLearned",
        "Enrolled",
        "HostKeyReleased",
        "HostKeyPinned",
    ]
    assert happened[2]["line"].startswith(f"visited: {router.facts().board}, running ")
    assert happened[3]["line"] == f"enrolled with UUID {uuid}"
    assert happened[5]["line"].startswith("changed host key ")
    told = cli("device", "history", "roof").out
    assert all(each["line"] in told for each in happened)
    assert told.index("changed host key") < told.index("registered as roof")


def test_a_check_reports_and_changes_nothing(cli: Cli, add_router: AddRouter) -> None:
    router = add_router("roof")
    said = cli("device", "check", "roof")
    assert said.status == exits.DONE, said.err
    for words in (router.facts().board, "23.05.4", "MiB available", "pinned now"):
        assert words in said.out
    assert set(router.commands) == {"inspect", "packages"}
    assert cli("device", "show", "roof", "--json").json["release"] == "23.05.4"


def test_a_check_of_the_wrong_router_is_refused(
    cli: Cli, add_router: AddRouter
) -> None:
    add_router("roof", WrongUuid())
    said = cli("device", "check", "roof", "--json")
    assert said.status == exits.REFUSED
    assert "00000000-dead-4bad-8bad-000000000000" in said.json["trouble"]


def test_a_router_that_does_not_answer_has_a_status_of_its_own(cli: Cli) -> None:
    cli(
        *("device", "add", "gone", "--address", "127.0.0.1", "--port", "1"),
        *("--mac", "60:e3:27:aa:bb:cc", "--empty-password"),
    )
    said = cli("device", "check", "gone")
    assert said.status == exits.UNREACHABLE
    assert "refused" in said.out


def test_a_router_without_an_agent_is_enrolled_once(
    cli: Cli, add_router: AddRouter
) -> None:
    add_router("roof", uuid=None)
    uuid = cli("device", "enroll", "roof", "--json").json["enrolled_uuid"]
    assert cli("device", "enroll", "roof", "--json").json["enrolled_uuid"] == uuid
    assert cli("device", "check", "roof", "--json").json["identity"] == uuid


def test_a_router_with_an_agent_is_not_enrolled(
    cli: Cli, add_router: AddRouter
) -> None:
    add_router("roof")
    assert cli("device", "enroll", "roof").status == exits.REFUSED


def test_nothing_owed_means_nothing_to_release(cli: Cli) -> None:
    cli(*ROOF, "--empty-password")
    said = cli("device", "release", "roof", "--reason", "gone")
    assert said.status == exits.REFUSED
    assert "nothing is owed" in said.err


def test_what_is_said_of_a_router_is_changed_and_the_rest_stays(cli: Cli) -> None:
    cli(*ROOF, "--model", "Archer", "--empty-password")
    said = cli("device", "change", "roof", "--rename", "attic", "--address", "10.0.0.8")
    assert said.status == exits.DONE
    assert said.out.startswith("changed attic (")
    shown = cli("device", "show", "attic", "--json").json
    assert (shown["model"], shown["mac_address"]) == ("Archer", "60:e3:27:aa:bb:cc")
    assert shown["addresses"][0] == "10.0.0.8"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ((), "nothing to change"),
        (("--address", "roof.mesh"), "is no IP address"),
        (("--mac", "60:e3"), "mac_address: "),
        (("--rename", "x" * 65), "name: "),
        (("--model", "x" * 65), "at most 64 characters"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    cli: Cli, wrong: tuple[str, ...], sentence: str
) -> None:
    cli(*ROOF, "--empty-password")
    before = cli("device", "show", "roof", "--json").json
    said = cli("device", "change", "roof", *wrong)
    assert said.status == exits.USAGE
    assert sentence in said.err
    assert cli("device", "show", "roof", "--json").json == before
