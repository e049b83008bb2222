"""`flashlog build import`: a release directory becomes one build."""

import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.flashlog import Flashlog
from application.image_contents import packages_of_image
from application.settings import Settings
from tests.cli.conftest import Cli, Said
from tests.routers.release_directories import (
    C7,
    PREFIX,
    ROCKET,
    TITLES,
    file_name,
    sign,
    write_release,
    write_sums,
)
from web.cli import exits


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_release(tmp_path / "release")


def imported(said: Said) -> dict[str, Any]:
    assert said.status == exits.DONE, said.err
    found: dict[str, Any] = said.json["build"]
    return found


def images(cli: Cli) -> dict[str, dict[str, Any]]:
    rows = cli("image", "list", "--json").json
    return {row["file_name"]: row for row in rows}


def add_device(cli: Cli, name: str, mac: str, model: str) -> None:
    said = cli(
        *("device", "add", name, "--address", "10.0.0.7", "--empty-password"),
        *("--mac", mac, "--model", model),
    )
    assert said.status == exits.DONE, said.err


def test_every_image_of_the_release_is_in_one_build(cli: Cli, directory: Path) -> None:
    report = imported(cli("build", "import", directory, "--json"))

    assert (report["version"], report["target"]) == (
        "23.05.5 r24106-10cc5fcd00",
        "ath79/generic",
    )
    assert sorted(report["added"]) == sorted(map(file_name, (C7, ROCKET)))
    assert (report["refused"], report["absent"], report["packages"]) == ([], [], 3)
    found = images(cli)
    assert {row["build_id"] for row in found.values()} == {report["build_id"]}
    assert {row["label"] for row in found.values()} == set(TITLES.values())
    rocket = found[file_name(ROCKET)]
    assert rocket["type"] == f"ath79-generic-{ROCKET}-squashfs-sysupgrade.bin"
    (build,) = cli("build", "list", "--json").json
    assert (build["images"], build["organization"]) == (2, "default")


def test_importing_again_adds_what_is_missing(cli: Cli, directory: Path) -> None:
    (directory / file_name(ROCKET)).rename(directory / "aside")
    first = imported(cli("build", "import", directory, "--json"))
    (directory / "aside").rename(directory / file_name(ROCKET))
    second = imported(cli("build", "import", directory, "--json"))
    third = imported(cli("build", "import", directory, "--json"))

    assert (first["added"], first["absent"]) == ([file_name(C7)], [file_name(ROCKET)])
    assert (second["added"], second["known"]) == ([file_name(ROCKET)], [file_name(C7)])
    assert (third["added"], len(third["known"])) == ([], 2)
    assert len(cli("build", "list", "--json").json) == 1


def test_a_single_image_that_was_added_before_is_found_there(
    cli: Cli, directory: Path
) -> None:
    assert cli("image", "add", directory / file_name(C7)).status == exits.DONE
    report = imported(cli("build", "import", directory, "--json"))
    assert (report["known"], report["added"]) == ([file_name(C7)], [file_name(ROCKET)])


@pytest.mark.parametrize("name", [file_name(C7), "profiles.json", f"{PREFIX}.manifest"])
def test_a_damaged_file_stops_everything(cli: Cli, directory: Path, name: str) -> None:
    with (directory / name).open("ab") as file:
        file.write(b"x")

    said = cli("build", "import", directory)

    assert said.status == exits.USAGE
    assert name in said.err
    assert "sha256" in said.err
    assert images(cli) == {}
    assert cli("build", "list", "--json").json == []


@pytest.mark.parametrize("name", ["profiles.json", "sha256sums"])
def test_what_is_no_release_is_told(cli: Cli, directory: Path, name: str) -> None:
    (directory / name).unlink()
    said = cli("build", "import", directory)
    assert said.status == exits.USAGE
    assert name in said.err


def test_a_file_that_is_no_image_is_refused_and_the_others_are_added(
    cli: Cli, directory: Path
) -> None:
    (directory / file_name(ROCKET)).write_bytes(b"<html></html>" * 99)
    write_sums(directory)

    said = cli("build", "import", directory, "--json")

    assert said.status == exits.FAILED
    (refused,) = said.json["build"]["refused"]
    assert refused["file_name"] == file_name(ROCKET)
    assert list(images(cli)) == [file_name(C7)]


def test_names_do_not_leave_the_directory(cli: Cli, directory: Path) -> None:
    path = directory / "profiles.json"
    path.write_text(path.read_text().replace(file_name(C7), "../" + file_name(C7)))
    write_sums(directory)
    said = cli("build", "import", directory)
    assert (said.status, "outside" in said.err) == (exits.USAGE, True)


def test_without_a_signature_nothing_is_verified_and_it_is_said(
    cli: Cli, directory: Path
) -> None:
    report = imported(cli("build", "import", directory, "--json"))
    assert report["signature"]["state"] == "not verified"
    assert "not verified" in cli("build", "import", directory).out
    refused = cli("build", "import", directory, "--require-signature")
    assert refused.status == exits.USAGE


def test_a_signature_of_usign_is_verified_with_its_key(
    cli: Cli, directory: Path, tmp_path: Path
) -> None:
    key = sign(directory)
    strange = sign(write_release(tmp_path / "strange" / "other"), name=b"stranger")
    options = ("--json", "--require-signature")

    assert cli("build", "import", directory, *options).status == exits.USAGE
    unknown = cli("build", "import", directory, *options, "--key", strange)
    assert unknown.status == exits.USAGE
    verified = cli("build", "import", directory, *options, "--key", key)
    assert imported(verified)["signature"]["state"] == "verified"


def test_a_bad_signature_stops_everything(cli: Cli, directory: Path) -> None:
    key = sign(directory)
    with (directory / "sha256sums").open("a") as file:
        file.write(f"{'0' * 64} *added-later\n")

    said = cli("build", "import", directory, "--key", key)

    assert said.status == exits.USAGE
    assert "bad" in said.err
    assert images(cli) == {}


@pytest.mark.skipif(not shutil.which("gpg"), reason="GnuPG is not installed")
def test_a_signature_of_gnupg_is_verified_with_the_keyring(
    cli: Cli, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "keyring"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    gpg = ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase"]
    new = [*gpg, "", "--quick-gen-key", "Release <r@example.org>", "ed25519", "sign"]
    sums = directory / "sha256sums"
    try:
        subprocess.run(new, check=True, capture_output=True, timeout=60)
        signing = [*gpg, "", "--armor", "--detach-sign", str(sums)]
        subprocess.run(signing, check=True, capture_output=True, timeout=60)
        good = cli("build", "import", directory, "--json", "--require-signature")
        sums.write_text(sums.read_text() + f"{'0' * 64} *added-later\n")
        bad = cli("build", "import", directory)
        monkeypatch.setenv("GNUPGHOME", str(tmp_path))
        unknown = cli("build", "import", directory, "--json")
    finally:
        kill = ["gpgconf", "--homedir", str(home), "--kill", "all"]
        subprocess.run(kill, check=False, capture_output=True, timeout=60)
    assert imported(good)["signature"]["state"] == "verified"
    assert "Release" in good.json["build"]["signature"]["reason"]
    assert (bad.status, "bad" in bad.err) == (exits.USAGE, True)
    assert imported(unknown)["signature"]["state"] == "not verified"


def test_models_without_an_image_and_breaks_of_compat_version_are_counted(
    cli: Cli, tmp_path: Path
) -> None:
    directory = write_release(tmp_path / "release", acme_rocket_9="1.1")
    for number, model in enumerate((TITLES[C7], "Odd One", "Odd One", TITLES[ROCKET])):
        add_device(cli, f"roof-{number}", f"02:00:00:00:00:0{number}", model)

    fleet = cli("build", "import", directory, "--json").json["fleet"]

    assert (fleet["devices"], fleet["fitting"]) == (4, 2)
    assert fleet["without_image"] == [{"model": "Odd One", "board": "", "devices": 2}]
    (broken,) = fleet["compat_breaks"]
    assert (broken["model"], broken["running"], broken["image"]) == (
        TITLES[ROCKET],
        "1.0",
        "1.1",
    )
    out = cli("build", "import", directory).out
    assert "2 of 4 devices" in out
    assert "Odd One" in out
    assert "1.0 (assumed)" in out


def test_images_for_the_fleet_alone_are_taken_where_that_is_asked(
    cli: Cli, directory: Path
) -> None:
    add_device(cli, "roof", "02:00:00:00:00:01", TITLES[ROCKET])
    report = imported(cli("build", "import", directory, "--fleet-only", "--json"))
    assert report["added"] == [file_name(ROCKET)]


def test_a_build_may_be_for_all_or_for_one_organization(
    cli: Cli, directory: Path
) -> None:
    assert cli("organization", "add", "mesh").status == exits.DONE
    for options in (("--shared",), ("--organization", "mesh"), ("--category", "Mine")):
        assert imported(cli("build", "import", directory, "--json", *options))["added"]
    rows = cli("build", "list", "--json").json
    assert [row["organization"] for row in rows] == ["default", "mesh", None]
    unknown = cli("build", "import", directory, "--organization", "nobody")
    assert unknown.status == exits.NOT_FOUND


def test_a_manifest_tells_what_an_image_brings(
    cli: Cli, directory: Path, tmp_path: Path
) -> None:
    imported(cli("build", "import", directory, "--json"))
    image_id = UUID(images(cli)[file_name(C7)]["id"])
    flashlog = Flashlog(Settings(data_dir=tmp_path / "data"))
    try:
        packages = packages_of_image(flashlog.log, image_id)
    finally:
        flashlog.close()
    # `-ppp` is left out of this device, kmod-usb2 is added to it
    assert packages == {
        "base-files": "1562-r24106-10cc5fcd00",
        "dropbear": "2022.82-6",
        "kmod-usb2": "",
    }


def test_a_manifest_of_apk_is_read_too(cli: Cli, directory: Path) -> None:
    (directory / f"{PREFIX}.manifest").write_text(
        "base-files 1700~abc\ndropbear 2025\n"
    )
    write_sums(directory)
    assert imported(cli("build", "import", directory, "--json"))["packages"] == 2


def test_nothing_in_the_report_is_lost_for_people(cli: Cli, directory: Path) -> None:
    out = cli("build", "import", directory).out
    for word in ("23.05.5", "ath79/generic", "2 images", "every file compared"):
        assert word in out
