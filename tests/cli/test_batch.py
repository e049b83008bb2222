"""`flashlog batch`: many routers at a terminal, with no service running."""

from pathlib import Path

import pytest

from application.simulation.faults import BackWithOldFirmware
from tests.cli.conftest import AddRouter, Cli
from web.cli import exits

pytestmark = pytest.mark.timeout(600)


def given(cli: Cli, add_router: AddRouter, new_image: Path, *names: str) -> str:
    """Routers that were looked at, and an image; returns its version."""
    for name in names:
        add_router(name)
        assert cli("device", "check", name).status == 0
    said = cli("image", "add", new_image, "--json")
    assert said.status == 0, said.err
    shown = cli("image", "list", "--json").json
    return str(shown[0]["version"])


def test_routers_are_checked_upgraded_and_watched_to_the_end(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    version = given(cli, add_router, new_image, "roof-1", "roof-2")
    add_router("unseen")

    said = cli("batch", "check", version)
    assert "0 routers would be upgraded, and with --all 2 more" in said.out
    assert "unseen" in said.out
    options = ("--all", "-o", "k", "--expendable", "tcpdump", "--json")
    shown = cli("batch", "check", version, *options).json
    assert len(shown["devices"]) == 2

    refused = cli("batch", "start", version)
    assert refused.status == exits.REFUSED
    assert "No devices found" in refused.err

    said = cli("batch", "start", version, "--all", "--watch")
    assert said.status == exits.DONE, said.out + said.err
    assert "success: 2 of 2 done, 2 success" in said.out

    (row,) = cli("batch", "list", "--json").json
    assert (row["status"], row["success"]) == ("success", 2)
    assert "success" in cli("batch", "list", "--status", "success").out
    said = cli("batch", "show", row["id"][:8])
    assert "2 of 2" in said.out
    assert "3" in said.out
    for command in ("hold", "cancel", "resume"):
        assert cli("batch", command, row["id"]).status == exits.REFUSED


def test_a_batch_holds_itself_and_the_watching_says_so(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    version = given(cli, add_router, new_image, "roof-1", "roof-2")
    cli("batch", "start", version, "--all", "--failures-max", 1, "--reboots-max", 1)
    (row,) = cli("batch", "list", "--json").json
    assert cli("batch", "hold", row["id"], "--reason", "a look").status == 0
    assert "a look" in cli("batch", "show", row["id"]).out
    assert cli("batch", "resume", row["id"]).status == 0
    assert cli("batch", "cancel", row["id"]).status == 0
    said = cli("batch", "watch", row["id"])
    assert said.status == exits.CANCELLED, said.out + said.err


def test_after_the_failures_it_bears_the_watching_ends_with_the_batch_held(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    for name in ("roof-1", "roof-2", "roof-3"):
        router = add_router(name)
        assert cli("device", "check", name).status == 0
        router.inject(BackWithOldFirmware())
    cli("image", "add", new_image)
    version = cli("image", "list", "--json").json[0]["version"]
    said = cli(
        *("batch", "start", version, "--all", "--watch"),
        *("--failures-max", 1, "--reboots-max", 1),
    )
    assert said.status == exits.STILL_RUNNING, said.out + said.err
    assert "HELD: 1 router failed after the flash" in said.out


@pytest.mark.parametrize(
    "words",
    [
        ("batch", "check", "nonsense"),
        ("batch", "show", "abc"),
        ("batch", "show", "abcdef12"),
        ("batch", "hold", "abcdef12"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    cli: Cli, words: tuple[str, ...]
) -> None:
    assert cli(*words).status == exits.NOT_FOUND


def test_options_that_ruin_things_must_be_confirmed(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    version = given(cli, add_router, new_image, "roof-1")
    said = cli("batch", "start", version, "--all", "-o", "n")
    assert said.status == exits.REFUSED
    assert f"--yes {version}" in said.err
    assert cli("batch", "list", "--json").json == []
