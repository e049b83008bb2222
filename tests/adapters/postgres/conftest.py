"""A server that tests may stop, freeze and change as they like."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.postgres import Server, programs, tell, url_of


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    if programs() is None:
        pytest.skip("needs PostgreSQL's server (make test-tools)")
    directory = Path(tempfile.mkdtemp(prefix="flashlog-pg-", dir="/tmp"))
    directory.chmod(0o755)
    server = Server(directory, {"fsync": "on"})
    server.start()
    yield server
    server.stop()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def own_url(server: Server) -> str:
    """The URL of an empty database on that server."""
    name = f"test_{uuid4().hex}"
    tell(str(server.directory), f"CREATE DATABASE {name}")
    return url_of(str(server.directory), name) + "&connect_timeout=2"
