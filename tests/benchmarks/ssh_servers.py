"""Both SSH servers that uploads and connections are measured at."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.adapters.ssh import daemons
from tests.adapters.ssh.daemons import Daemon


class Servers(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is let in by both; `folder` is for whatever a measurement leaves behind."""

    folder: Path
    key: Path
    dropbear: Daemon
    sshd: Daemon


@contextmanager
def both_servers() -> Iterator[Servers]:
    """Run both; raises RuntimeError where none can run."""
    if reason := daemons.missing():
        raise RuntimeError(reason)
    with tempfile.TemporaryDirectory(prefix="flashlog-bench-") as name:
        folder = Path(name)
        key = folder / "key"
        daemons.make_host_keys(folder)
        daemons.make_user_key(key)
        authorized = key.with_suffix(".pub").read_text()
        with (
            daemons.dropbear(folder, authorized=authorized) as dropbear,
            daemons.sshd(folder, authorized=authorized) as sshd,
        ):
            yield Servers(folder=folder, key=key, dropbear=dropbear, sshd=sshd)
