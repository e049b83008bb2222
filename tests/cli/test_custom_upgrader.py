"""The example of docs/custom-upgrader.md, installed as anybody's package is."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.errors import RefusedStepError
from application.ports import Completed
from application.router.fence import Fence
from application.router.limits import RouterLimits
from application.upgraders import find_upgrader, upgrader_names
from tests.cli.conftest import AddRouter, Cli
from web.cli import exits

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "gluon-upgrader"
MODULE = "flashlog_gluon_upgrader"


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    source, target = tmp_path / "source", tmp_path / "packages"
    # A build leaves traces beside its source.
    shutil.copytree(EXAMPLE, source)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
            *("--no-index", "--no-build-isolation", "--target", target, source),
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.syspath_prepend(target)
    find_upgrader.cache_clear()
    yield
    find_upgrader.cache_clear()
    sys.modules.pop(MODULE, None)


class UpdaterIsOn:
    """A session to a router whose own updater is switched on."""

    def execute(self, command: str, *, limit_seconds: float) -> Completed:
        assert command == "uci -q get autoupdater.settings.enabled"
        return Completed(exit_status=0, stdout=b"1\n", stderr=b"", seconds=0.0)


@pytest.mark.usefixtures("_installed")
def test_a_router_is_upgraded_by_an_installed_upgrader(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    router = add_router("roof", options=("--upgrader", "gluon"))
    assert cli("upgrade", "roof", new_image).status == exits.DONE
    assert "uci -q get autoupdater.settings.enabled" in router.commands
    assert router.flashes == 1


@pytest.mark.usefixtures("_installed")
def test_the_example_refuses_a_router_that_updates_itself() -> None:
    assert "gluon" in upgrader_names()
    router = find_upgrader("gluon")(UpdaterIsOn(), RouterLimits())  # type: ignore[arg-type]  # as much of a session as is needed
    fence = Fence(installation="i", operation="o", visit=1, boot_id="b")
    with pytest.raises(RefusedStepError, match="own updater is switched on"):
        router.claim(fence, path="/tmp/image", lease_seconds=1)


def test_the_page_shows_the_example_as_it_is() -> None:
    page = (DOCS / "custom-upgrader.md").read_text()
    code = (EXAMPLE / MODULE / "__init__.py").read_text()
    shown = page.partition("```python\n")[2].partition("```")[0]
    assert shown in code
    entry = page.partition("```toml\n")[2].partition("```")[0]
    assert entry in (EXAMPLE / "pyproject.toml").read_text()


def test_an_upgrader_that_is_not_installed_is_refused(cli: Cli) -> None:
    said = cli(
        *("device", "add", "roof", "--address", "10.0.0.7"),
        *("--mac", "60:e3:27:aa:bb:cc", "--empty-password", "--upgrader", "nobody"),
    )
    assert said.status == exits.USAGE
    assert "upgrader: Installed upgraders are: openwrt" in said.err
