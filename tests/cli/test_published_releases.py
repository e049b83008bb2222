"""`flashlog build import` of directories as downloads.openwrt.org has them."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from application.adapters.image_store import chunks_of
from application.commands import releases
from tests.cli.conftest import Cli
from tests.cli.test_build_import import add_device, images, imported
from tests.routers.images import SIGNATURE, build_image, with_block
from tests.routers.release_directories import Published, sign, write_sums
from web.cli import exits

DISK = bytes(510) + b"\x55\xaa" + bytes(4096)
APK_MANIFEST = "base-files - 1696~6a1ab8ad2d\ndropbear - 2025.88-r1\n"
UCERT = b"untrusted comment: signed by key\n" * 8


def ath79(directory: Path) -> Path:
    """Write what ath79/generic is like, with the images that nobody upgrades with."""
    made = Published(directory, "ath79/generic")
    made.profile(
        "8dev_carambola2",
        {
            ("squashfs", "sysupgrade", ".bin"): build_image(
                "8dev,carambola2",
                supported_devices=["8dev,carambola2", "carambola2"],
                signature=UCERT,
            ),
            ("initramfs", "kernel", ".bin"): b"\x27\x05\x19\x56" + bytes(999),
        },
        supported_devices=["8dev,carambola2", "carambola2"],
        title={"model": "Carambola2", "vendor": "8devices"},
    )
    made.profile(
        "netgear_wndr3800",
        {
            ("squashfs", "factory", ".img"): b"device:WNDR3800" + bytes(999),
            ("squashfs", "sysupgrade", ".bin"): build_image("netgear,wndr3800"),
            ("squashfs", "rootfs", ".bin"): b"hsqs" + bytes(999),
        },
        supported_devices=["netgear,wndr3800"],
        title={"model": "WNDR3800", "variant": "", "vendor": "NETGEAR"},
    )
    made.profile(
        "nobody_builds-this", {}, supported_devices=[], title={"title": "None"}
    )
    return made.finish()


def x86(directory: Path) -> Path:
    """Write what x86/64 is like: signed disk images without metadata."""
    made = Published(directory, "x86/64", version="25.12.0")

    def image(seed: str) -> bytes:
        packed = gzip.compress(DISK + seed.encode(), mtime=0)
        return with_block(packed, UCERT, SIGNATURE)

    made.profile(
        "generic",
        {
            (filesystem, kind, ".img.gz"): image(filesystem + kind)
            for filesystem in ("ext4", "squashfs")
            for kind in ("combined-efi", "combined", "rootfs")
        },
        supported_devices=[],
        title={"model": "x86/64", "vendor": "Generic"},
    )
    return made.finish(APK_MANIFEST)


def endings(report: dict[str, Any], key: str = "added") -> list[str]:
    return sorted(name.partition("-generic-")[2] for name in report[key])


def test_what_sysupgrade_takes_is_taken_and_nothing_else(
    cli: Cli, tmp_path: Path
) -> None:
    directory = ath79(tmp_path / "release")
    key = sign(directory)
    report = imported(
        cli("build", "import", directory, "--key", key, "--require-signature", "--json")
    )
    assert endings(report) == [
        "8dev_carambola2-squashfs-sysupgrade.bin",
        "netgear_wndr3800-squashfs-sysupgrade.bin",
    ]
    assert (report["refused"], report["absent"], report["packages"]) == ([], [], 3)
    found = images(cli)
    labels = {row["label"]: row["boards"] for row in found.values()}
    assert labels == {
        "8devices Carambola2": ["8dev,carambola2", "carambola2"],
        "Netgear WNDR3800": ["netgear,wndr3800"],
    }


def test_signed_disk_images_without_metadata_are_taken(
    cli: Cli, tmp_path: Path
) -> None:
    add_device(cli, "apu", "02:00:00:00:00:01", "PC Engines APU2")
    directory = x86(tmp_path / "release")
    only_ours = imported(cli("build", "import", directory, "--fleet-only", "--json"))
    assert endings(only_ours) == ["squashfs-combined.img.gz"]
    report = imported(cli("build", "import", directory, "--json"))
    assert (report["version"], report["packages"]) == ("25.12.0 r24106-10cc5fcd00", 2)
    assert endings(report) == ["squashfs-combined-efi.img.gz"]
    assert "2 of" not in cli("build", "import", directory).out
    assert "1 of 1 device" in cli("build", "import", directory).out


def test_where_there_is_only_one_kind_of_image_it_is_taken(
    cli: Cli, tmp_path: Path
) -> None:
    made = Published(tmp_path / "release", "mvebu/cortexa9")
    for name, kinds in {
        "solidrun_clearfog": [("ext4", "sdcard"), ("squashfs", "sdcard")],
        "wd_mybook": [("ext4", "factory"), ("ext4", "sysupgrade")],
        "both_kinds": [("squashfs", "sdcard"), ("squashfs", "sysupgrade")],
    }.items():
        board = name.replace("_", ",", 1)
        contents = {
            (filesystem, kind, ".bin"): build_image(board, seed=f"{filesystem}{kind}")
            for filesystem, kind in kinds
        }
        made.profile(name, contents, supported_devices=[board], title={"title": name})
    report = imported(cli("build", "import", made.finish(), "--json"))
    assert sorted(name.partition("-cortexa9-")[2] for name in report["added"]) == [
        "both_kinds-squashfs-sysupgrade.bin",
        "solidrun_clearfog-squashfs-sdcard.bin",
        "wd_mybook-ext4-sysupgrade.bin",
    ]


def test_a_manifest_of_one_profile_is_not_taken_for_that_of_all(
    cli: Cli, tmp_path: Path
) -> None:
    directory = ath79(tmp_path / "release")
    (own,) = directory.glob("*generic.manifest")
    own.rename(directory / f"{own.stem}-8dev_carambola2.manifest")
    write_sums(directory)
    assert imported(cli("build", "import", directory, "--json"))["packages"] == 0


def test_what_the_fleet_needs_and_is_not_there_is_named(
    cli: Cli, tmp_path: Path
) -> None:
    add_device(cli, "roof", "02:00:00:00:00:01", "NETGEAR WNDR3800")
    directory = ath79(tmp_path / "release")
    for path in directory.glob("*sysupgrade.bin"):
        path.unlink()
    said = cli("build", "import", directory, "--fleet-only")
    assert said.status == exits.DONE
    assert "not in the directory: openwrt-23.05.5-ath79-generic-netgear" in said.err
    assert "carambola" not in said.err
    everything = imported(cli("build", "import", directory, "--json"))
    assert len(everything["absent"]) == 2


def test_health_checks_take_the_place_of_those_there_are(
    cli: Cli, tmp_path: Path
) -> None:
    directory = ath79(tmp_path / "release")
    image = next(directory.glob("*carambola2*sysupgrade.bin"))

    def checks() -> list[str]:
        (row,) = cli("build", "list", "--json").json
        return list(row["health_checks"])

    for words, expected in (
        (("build", "import", directory), []),
        (("build", "import", directory, "--health-check", "true"), ["true"]),
        (("build", "import", directory), ["true"]),
        (("image", "add", image, "--health-check", "pidof dnsmasq"), ["pidof dnsmasq"]),
        (("image", "add", image), ["pidof dnsmasq"]),
    ):
        assert cli(*words).status == exits.DONE
        assert checks() == expected
    refused = cli("image", "add", image, "--health-check", "two\nlines")
    assert (refused.status, checks()) == (exits.USAGE, ["pidof dnsmasq"])


def test_a_file_that_changes_under_our_hands_is_not_taken(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = ath79(tmp_path / "release")
    image = next(directory.glob("*carambola2*sysupgrade.bin"))
    other = build_image("8dev,carambola2", release="23.05.4")

    def changed(file: BinaryIO) -> Iterator[bytes]:
        image.write_bytes(other)
        return chunks_of(file)

    monkeypatch.setattr(releases, "chunks_of", changed)
    said = cli("build", "import", directory, "--json")
    assert said.status == exits.FAILED
    (refused,) = said.json["build"]["refused"]
    assert "changed while it was read" in refused["reason"]
    assert image.name not in images(cli)


@pytest.mark.parametrize("name", ["../x.bin", "a/b.bin", "x\\u0000.bin", "x" * 300])
def test_a_name_that_is_none_is_told(cli: Cli, tmp_path: Path, name: str) -> None:
    directory = ath79(tmp_path / "release")
    path = directory / "profiles.json"
    real = "openwrt-23.05.5-ath79-generic-netgear_wndr3800-squashfs-sysupgrade.bin"
    path.write_text(path.read_text().replace(real, name))
    write_sums(directory)
    said = cli("build", "import", directory)
    assert said.status == exits.USAGE
    assert said.err.startswith("flashlog: directory: ")


def test_what_is_no_key_is_told_before_anything_is_added(
    cli: Cli, tmp_path: Path
) -> None:
    directory = ath79(tmp_path / "release")
    sign(directory)
    wrong = tmp_path / "wrong.pub"
    for content in (b"", b"ssh-ed25519 AAAA\n", b"\xff\xfe\n\x00\n"):
        wrong.write_bytes(content)
        said = cli("build", "import", directory, "--key", wrong)
        assert said.status == exits.USAGE
        assert "no public key of usign" in said.err
    assert images(cli) == {}


def test_an_image_that_is_too_big_is_refused_and_the_others_are_taken(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = ath79(tmp_path / "release")
    big = next(directory.glob("*wndr3800*sysupgrade.bin"))
    big.write_bytes(build_image("netgear,wndr3800", size=300_000))
    write_sums(directory)
    monkeypatch.setenv("FLASHLOG_IMAGE_SIZE_MAX_BYTES", "200000")
    said = cli("build", "import", directory)
    assert said.status == exits.FAILED
    assert f"refused {big.name}: " in said.err
    assert "FLASHLOG_IMAGE_SIZE_MAX_BYTES" in said.err
    assert len(images(cli)) == 1


def test_a_build_is_for_all_or_for_one(cli: Cli, tmp_path: Path) -> None:
    directory = ath79(tmp_path / "release")
    said = cli("build", "import", directory, "--shared", "--organization", "default")
    assert (said.status, "--organization" in said.err) == (exits.USAGE, True)
