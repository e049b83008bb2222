"""Routers to upgrade: the real one, and the simulated one, one at a time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.procedure.world import World
from tests.routers.real import RealRouter
from tests.routers.setup import Setup
from tests.routers.template import why_not_available

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    """Return a function that makes a world with a real router and these faults."""
    reason = why_not_available()
    if reason:
        pytest.skip(reason)
    with ExitStack() as stack:

        def make(
            *faults: Any,
            setup: dict[str, Any] | None = None,
            image: bytes | None = None,
            **settings: Any,
        ) -> World:
            router = stack.enter_context(
                RealRouter(Setup(**(setup or {})), faults=faults)
            )
            world = World(tmp_path, router, image=image, **settings)
            stack.callback(world.close)
            return world

        yield make
