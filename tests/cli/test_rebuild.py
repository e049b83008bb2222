"""`flashlog rebuild` at any time: also while somebody else is the projector."""

from pathlib import Path
from threading import Event, Thread

from application.flashlog import Flashlog
from application.settings import Settings
from tests.cli.conftest import Cli
from tests.cli.test_devices import ROOF
from web.cli import exits


def test_read_models_are_rebuilt_while_a_service_projects(
    cli: Cli, tmp_path: Path
) -> None:
    cli(*ROOF, "--empty-password")
    before = cli("device", "list", "--json").json
    flashlog = Flashlog(Settings(data_dir=tmp_path / "data"))
    stop = Event()
    with flashlog.alone("projector") as is_alone:
        assert is_alone
        service = Thread(target=flashlog.projector.run, args=(stop,))
        service.start()
        try:
            for _ in range(5):
                assert cli("rebuild").status == exits.DONE
                assert cli("device", "list", "--json").json == before
        finally:
            stop.set()
            service.join(10)
    flashlog.close()
