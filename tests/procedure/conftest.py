"""Routers to upgrade: the real one and the simulated one take the same tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from application.commands.devices import NewCredentials
from tests.contract.routers import real_router, simulated_router
from tests.procedure.world import World
from tests.routers.face import Fault
from tests.routers.template import why_not_available

MakeWorld = Callable[..., World]
_ROUTERS = {"real": real_router, "simulated": simulated_router}


@pytest.fixture(
    params=[
        pytest.param("real", marks=pytest.mark.real_router),
        pytest.param("simulated"),
    ]
)
def make_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeWorld]:
    """Return a function that makes a world with one router and these faults."""
    if request.param == "real" and (reason := why_not_available()):
        pytest.skip(reason)
    with ExitStack() as stack:

        def make(
            *faults: Fault,
            setup: dict[str, Any] | None = None,
            image: bytes | None = None,
            jump: tuple[str, NewCredentials] | None = None,
            **settings: Any,
        ) -> World:
            router = stack.enter_context(
                _ROUTERS[request.param](*faults, **(setup or {}))
            )
            world = World(tmp_path, router, image=image, jump=jump, **settings)
            stack.callback(world.close)
            return world

        yield make
