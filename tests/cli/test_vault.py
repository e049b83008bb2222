"""`flashlog vault rotate-key`, on an installation with people and routers."""

import json
from pathlib import Path

from tests.cli.conftest import Cli
from tests.cli.test_devices import ROOF


def test_after_a_key_change_everybody_and_every_router_is_known(
    cli: Cli, tmp_path: Path
) -> None:
    maria = ("--superuser", "--password-stdin")
    assert cli("user", "add", "maria", *maria, stdin="a password\n").status == 0
    assert cli(*ROOF, "--password-stdin", stdin="secret\n").status == 0
    before = json.loads(cli("device", "list", "--json").out)
    key = tmp_path / "data" / "vault.key"
    old = key.read_bytes()
    said = cli("vault", "rotate-key", "--json")
    assert said.status == 0, said.err
    assert json.loads(said.out)["records"] >= 2
    assert key.read_bytes() != old
    assert json.loads(cli("device", "list", "--json").out) == before
    assert "maria" in cli("user", "list").out
    taken = cli("user", "add", "MARIA", *maria, stdin="a password\n")
    assert taken.status != 0, "names that are taken are known by their old marks"
    assert "records are sealed with a new key" in cli("vault", "rotate-key").out
