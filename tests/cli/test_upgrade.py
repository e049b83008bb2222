"""`flashlog upgrade` where no service runs: the command does all the work itself."""

import re
from pathlib import Path

import pytest

from application.simulation.faults import (
    BackWithOldFirmware,
    LowMemory,
    WrongUuid,
)
from tests.cli.conftest import AddRouter, Cli
from tests.routers.images import build_image
from web.cli import exits


def test_an_upgrade_that_succeeds_leaves_with_0_and_tells_its_story(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    router = add_router("roof")
    said = cli("upgrade", "roof", new_image, "--watch")
    assert said.status == exits.DONE, said.err
    assert "no service is running, so this command does the work itself" in said.err
    assert "Firmware upgrade completed successfully" in said.out
    assert router.flashes == 1
    assert router.facts().release == "24.10.0"


def test_too_little_memory_leaves_with_3_and_services_running(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    router = add_router("attic", LowMemory(recoverable=False))
    before = router.services_running()
    said = cli("upgrade", "attic", new_image)
    assert said.status == exits.ABORTED
    assert router.flashes == 0
    assert router.services_running() == before


def test_the_wrong_router_leaves_with_3_and_is_not_touched(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    router = add_router("attic", WrongUuid())
    said = cli("upgrade", "attic", new_image)
    assert said.status == exits.ABORTED
    assert "00000000-dead-4bad-8bad-000000000000" in said.out
    assert router.flashes == 0


def test_old_firmware_after_the_flash_leaves_with_1(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    router = add_router("harbour", BackWithOldFirmware())
    said = cli("upgrade", "harbour", new_image)
    assert said.status == exits.FAILED
    assert "came back with the old firmware" in said.out
    assert router.flashes == 1


def test_a_downgrade_starts_only_after_the_name_is_repeated(
    cli: Cli, add_router: AddRouter, old_image: Path
) -> None:
    router = add_router("roof")
    refused = cli("upgrade", "roof", old_image)
    assert refused.status == exits.REFUSED
    assert "repeat the name with --yes roof" in refused.err
    assert cli("operation", "list", "--json").json == []
    mistyped = cli("upgrade", "roof", old_image, "--yes", "attic")
    assert mistyped.status == exits.REFUSED
    assert cli("upgrade", "roof", old_image, "--yes", "roof").status == exits.DONE
    assert router.flashes == 1


@pytest.mark.parametrize("letter", ["n", "F"])
def test_dangerous_options_start_only_after_the_name_is_repeated(
    cli: Cli, add_router: AddRouter, new_image: Path, letter: str
) -> None:
    add_router("roof")
    refused = cli("upgrade", "roof", new_image, "-o", letter)
    assert refused.status == exits.REFUSED
    assert f"careful: {letter} " in refused.err
    assert cli("operation", "list", "--json").json == []


def test_options_that_contradict_each_other_are_wrong_input(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    add_router("roof")
    said = cli("upgrade", "roof", new_image, "-o", "n", "-o", "c", "--yes", "roof")
    assert said.status == exits.USAGE
    assert "contradict each other" in said.err


def test_json_is_a_line_for_each_event_with_status_and_progress(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    add_router("roof")
    lines = cli("upgrade", "roof", new_image, "--json").json_lines
    assert lines[0]["event"] == "Started"
    assert lines[-1]["status"] == "success"
    assert lines[-1]["progress"] == 100
    positions = [line["position"] for line in lines]
    assert positions == sorted(positions)


def test_the_progress_moves_while_a_slow_upload_goes_on(
    cli: Cli,
    add_router: AddRouter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = tmp_path / "large.bin"
    image.write_bytes(build_image(release="24.10.0", size=1 << 20))
    monkeypatch.setenv("FLASHLOG_UPLOAD_BYTES_PER_SECOND_MAX", str(300_000))
    add_router("roof")
    lines = cli("upgrade", "roof", image, "--json").json_lines
    shown = [line["progress"] for line in lines if line["event"] == "UploadAdvanced"]
    assert len(shown) >= 5
    assert shown == sorted(shown)


def test_what_happened_can_be_read_afterwards(
    cli: Cli, add_router: AddRouter, new_image: Path, tmp_path: Path
) -> None:
    add_router("roof")
    cli("upgrade", "roof", new_image)
    (listed,) = cli("operation", "list", "--json").json
    assert listed["status"] == "success"
    history = cli("device", "history", "roof", "--json").json
    (upgrade,) = [each for each in history if each["operation_id"]]
    assert upgrade["operation_id"] == listed["id"]
    assert upgrade["line"] == "upgrade to 24.10.0 r28427-6df0e3d02a: success"
    assert history[0]["line"].endswith("running 24.10.0 r28427-6df0e3d02a")
    shown = cli("operation", "show", listed["id"][:8])
    assert "Starting the flash, no way back from here" in shown.out
    assert re.search(r"started by +\S+@local", shown.out)
    watched = cli("operation", "watch", listed["id"][:8])
    assert watched.status == exits.DONE
    (backup,) = cli("device", "backup", "roof", "--list", "--json").json
    target = tmp_path / "roof.tar.gz"
    assert cli("device", "backup", "roof", "-o", target).status == exits.DONE
    assert target.stat().st_size == backup["size_bytes"]
    assert target.stat().st_mode & 0o077 == 0
    again = cli("device", "backup", "roof", "-o", target)
    assert again.status == exits.USAGE


def test_an_ended_operation_is_not_cancelled_but_may_be_tried_again(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    router = add_router("harbour", BackWithOldFirmware())
    cli("upgrade", "harbour", new_image)
    (first,) = cli("operation", "list", "--json").json
    refused = cli("operation", "cancel", first["id"])
    assert refused.status == exits.REFUSED
    assert "ended with status: failed" in refused.err
    router.clear_faults()
    assert cli("operation", "retry", first["id"]).status == exits.DONE
    newest, _ = cli("operation", "list", "--json").json
    assert newest["retry_of"] == first["id"]
    upgrades = [
        each
        for each in cli("device", "history", "harbour", "--json").json
        if each["operation_id"]
    ]
    assert [each["status"] for each in upgrades] == ["success", "failed"]
    assert f"again after {first['id']}" in upgrades[0]["line"]


def test_a_router_that_does_not_answer_is_failed_after_the_retries(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    router = add_router("tower")
    router.cut_network()
    said = cli("upgrade", "tower", new_image)
    assert said.status == exits.FAILED
    assert "It will be retried at" in said.out
