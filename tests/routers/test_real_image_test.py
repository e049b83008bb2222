"""The real router judges images in the words of each release."""

import io
import tarfile
from collections.abc import Iterator

import pytest

from application.simulation.setup import REVISIONS
from tests.routers.images import Damage, build_image
from tests.routers.real import RealRouter
from tests.routers.releases import quirks_of
from tests.routers.setup import Setup
from tests.routers.shell import Shell
from tests.routers.template import why_not_available
from tests.routers.watching import (
    logged_in,
    upload,
)

pytestmark = [
    pytest.mark.real_router,
    pytest.mark.skipif(
        why_not_available() is not None, reason=why_not_available() or ""
    ),
]
RELEASES = list(REVISIONS)


@pytest.fixture
def router() -> Iterator[RealRouter]:
    with RealRouter() as router:
        yield router


@pytest.mark.parametrize("release", RELEASES)
def test_the_image_test_is_silent_about_a_good_image(release: str) -> None:
    with logged_in(Setup(release=release)) as (router, shell):
        upload(shell)
        answer = shell.run("/sbin/sysupgrade -T /tmp/fw.bin")
        assert (answer.status, answer.output, answer.errors) == (0, "", "")
        assert router.files_in_tmp() == {"fw.bin", "sysupgrade.meta"}


@pytest.mark.parametrize("release", RELEASES)
def test_the_image_test_refuses_another_board_in_the_words_of_the_release(
    release: str,
) -> None:
    quirks = quirks_of(release)
    with logged_in(Setup(release=release)) as (_, shell):
        upload(shell, build_image("other,board"))
        answer = shell.run("/sbin/sysupgrade -T /tmp/fw.bin")
        said = answer.errors if quirks.complains_on_stderr else answer.output
        assert answer.status == 1
        assert "Device tplink,archer-c7-v5 not supported by this image" in said
        assert "Supported devices: other,board" in said
        last = said.splitlines()[-1]
        assert last.endswith("failed.")
        assert (" upgrade: " in last) == quirks.dates_its_lines


@pytest.mark.parametrize(
    "damage", ["truncated", "bit-flipped", "no-metadata", "empty", "html"]
)
def test_every_damage_that_the_metadata_shows_gets_the_same_words(
    damage: Damage, router: RealRouter
) -> None:
    with Shell(router) as shell:
        upload(shell, build_image(corrupt=damage))
        answer = shell.run("sysupgrade --test /tmp/fw.bin")
        missing = shell.run("sysupgrade --test /tmp/missing.bin")
        for refusal in (answer, missing):
            assert refusal.status == 1
            assert "upgrade: Image metadata not present\n" in refusal.errors
        verdict = shell.run(
            """ubus call system validate_firmware_image '{"path":"/tmp/fw.bin"}'"""
        )
        assert verdict.status == 0
        assert '"valid": false' in verdict.output


def test_a_damaged_payload_under_a_right_checksum_passes(router: RealRouter) -> None:
    with Shell(router) as shell:
        upload(shell, build_image(corrupt="payload"))
        assert shell.run("sysupgrade -T /tmp/fw.bin").status == 0


def test_another_minor_compat_version_passes_without_the_configuration(
    router: RealRouter,
) -> None:
    with Shell(router) as shell:
        upload(shell, build_image(compat_version="1.1", compat_message="New layout."))
        refusal = shell.run("sysupgrade -T /tmp/fw.bin")
        assert refusal.status == 1
        assert "config is incompatible to the new image (1.0->1.1)" in refusal.errors
        assert "New layout." in refusal.errors
        assert shell.run("sysupgrade -T -n /tmp/fw.bin").status == 0
        upload(shell, build_image(compat_version="2.0"))
        assert shell.run("sysupgrade -T -n /tmp/fw.bin").status == 1
        forced = shell.run("sysupgrade -T -F /tmp/fw.bin")
        assert forced.status == 0
        assert "but --force given - will update anyway!" in forced.errors


@pytest.mark.parametrize("option", ["-u", "-o", "-k"])
def test_18_06_does_not_know_the_later_options(option: str) -> None:
    with logged_in(Setup(release="18.06.9")) as (_, shell):
        answer = shell.run(f"sysupgrade -T {option} /tmp/fw.bin")
        assert (answer.status, answer.output) == (1, f"Invalid option: {option}\n")
        call = "ubus call system validate_firmware_image '{}'"
        assert shell.run(call).status == 3


def test_a_backup_holds_the_configuration(router: RealRouter) -> None:
    with Shell(router) as shell:
        channel = shell.transport.open_session()
        channel.exec_command("sysupgrade -b -")
        archive = channel.makefile("rb").read()
        assert channel.recv_exit_status() == 0
    with tarfile.open(fileobj=io.BytesIO(archive)) as names:
        kept = set(names.getnames())
    assert {"etc/config/openwisp", "etc/shadow"} <= kept
    assert router.files_in_tmp() == set()
