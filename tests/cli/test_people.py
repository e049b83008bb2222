"""Accounts and organizations from the command line."""

import pytest

from tests.cli.conftest import Cli


def add(cli: Cli, name: str, *options: str) -> None:
    said = cli("user", "add", name, "--password-stdin", *options, stdin="secret\n")
    assert said.status == 0, said.err


def test_a_tenant_and_its_people_are_made_and_listed(cli: Cli) -> None:
    assert cli("organization", "add", "freifunk", "--name", "Frei Funk").status == 0
    add(cli, "maria", "--organization", "freifunk", "--role", "administrator")
    add(cli, "paul", "--organization", "freifunk", "--role", "operator")
    add(cli, "rosa", "--organization", "freifunk", "--email", "rosa@example.org")
    add(cli, "chief", "--superuser")

    listed = cli("user", "list", "--organization", "freifunk", "--json").json
    assert [
        (each["username"], each["groups"], each["organizations"]) for each in listed
    ] == [
        ("rosa", [], {"freifunk": False}),
        ("paul", ["Operator"], {"freifunk": True}),
        ("maria", ["Administrator"], {"freifunk": True}),
    ]
    table = cli("user", "list").out
    assert "rosa@example.org" in table
    assert "freifunk*" in table
    assert "superuser" in table
    slugs = [each["slug"] for each in cli("organization", "list", "--json").json]
    assert slugs == ["freifunk", "default"]
    assert "Frei Funk" in cli("organization", "list").out


def test_a_role_needs_an_organization(cli: Cli) -> None:
    said = cli(
        "user", "add", "x", "--role", "operator", "--password-stdin", stdin="x\n"
    )

    assert said.status == 2
    assert "--organization SLUG" in said.err


@pytest.mark.parametrize("command", ["add", "list"])
def test_an_unknown_organization_says_how_to_find_one(cli: Cli, command: str) -> None:
    rest = ["x", "--password-stdin"] if command == "add" else []
    said = cli("user", command, *rest, "--organization", "nobody", stdin="x\n")

    assert said.status != 0
    assert "`flashlog organization list`" in said.err


@pytest.mark.parametrize("slug", ["default", "a b"])
def test_a_slug_that_cannot_be_says_why(cli: Cli, slug: str) -> None:
    said = cli("organization", "add", slug)

    assert said.status != 0
    assert said.err.startswith("flashlog: slug: ")
    assert len(said.err.splitlines()) == 1


def test_an_account_is_deactivated_activated_and_erased(cli: Cli) -> None:
    add(cli, "maria", "--email", "m@example.org")
    assert cli("user", "deactivate", "maria").status == 0
    (listed,) = [
        each
        for each in cli("user", "list", "--json").json
        if each["username"] == "maria"
    ]
    assert not listed["is_active"]
    assert cli("user", "token", "maria").status != 0
    assert cli("user", "activate", "maria").status == 0
    assert cli("user", "token", "maria").status == 0

    said = cli("user", "erase", "maria")
    assert said.status == 2
    assert "--yes maria" in said.err
    assert cli("user", "erase", "maria", "--yes", "maria").status == 0
    assert "m@example.org" not in cli("user", "list").out
    assert cli("user", "erase", "maria", "--yes", "maria").status != 0
    add(cli, "maria")


def test_another_password_is_set(cli: Cli) -> None:
    add(cli, "maria")
    change = ("user", "password", "maria", "--password-stdin")

    assert cli(*change, stdin="new\n").status == 0
    assert "password" in cli(*change, stdin=" \n").err


@pytest.mark.parametrize(
    "command",
    [
        ["user", "password"],
        ["user", "deactivate"],
        ["user", "activate"],
        ["user", "erase"],
        ["user", "add"],
        ["user", "list"],
        ["organization", "add"],
        ["organization", "list"],
    ],
)
def test_every_help_has_an_example(cli: Cli, command: list[str]) -> None:
    assert "Example" in cli(*command, "--help").out
