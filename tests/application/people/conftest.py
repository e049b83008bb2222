"""An installation for tests about people, where hashing a password takes no time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from application import passwords
from application.flashlog import Flashlog
from tests.application.houses import opened


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_SCRYPT", {"n": 16, "r": 1, "p": 1})


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path / "house") as flashlog:
        yield flashlog
