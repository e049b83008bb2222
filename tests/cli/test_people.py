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


@pytest.mark.parametrize(
    "command",
    [
        ["user", "add"],
        ["user", "list"],
        ["organization", "add"],
        ["organization", "list"],
    ],
)
def test_every_help_has_an_example(cli: Cli, command: list[str]) -> None:
    assert "Example" in cli(*command, "--help").out
