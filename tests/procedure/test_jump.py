"""Routers behind a jump host: its host key is kept and held against it too."""

from pathlib import Path

import pytest

from application.commands.devices import NewCredentials
from domain.known_host import KnownHost
from domain.operation.words import Status
from tests.adapters.ssh import daemons
from tests.procedure.conftest import MakeWorld

pytestmark = pytest.mark.real_router


def test_a_router_behind_a_jump_host_is_upgraded_and_the_hosts_key_is_kept(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    if reason := daemons.missing():
        pytest.skip(reason)
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        daemons.make_host_keys(folder)
    with daemons.sshd(first) as gate:
        login = NewCredentials(
            username=gate.username, password=daemons.PASSWORD, port=gate.port
        )
        world = make_world(jump=("127.0.0.1", login), retries_max=0)
        operation = world.upgrade()
        assert operation.status is Status.SUCCESS, world.story(operation.id)
        host = world.flashlog.log.get(
            KnownHost, KnownHost.id_of("127.0.0.1", gate.port)
        )
        assert host.key is not None
        other = host.key.fingerprint.swapcase()
        assert other != host.key.fingerprint
        impostor = type(host.key)(
            type=host.key.type, base64=host.key.base64[::-1], fingerprint=other
        )
        host.pin("127.0.0.1", gate.port, impostor)
        world.flashlog.log.append(host)
        seen = list(world.router.commands)
        refused = world.upgrade()
        assert refused.status is Status.ABORTED
        assert "host key" in world.last(refused.id)
        assert world.router.commands == seen
