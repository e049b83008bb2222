from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.contract.routers import Caller, real_router, simulated_router
from tests.routers.template import why_not_available

Deliver = Callable[..., Caller]


@pytest.fixture(
    params=["simulated", pytest.param("real", marks=pytest.mark.real_router)]
)
def deliver(request: pytest.FixtureRequest) -> Iterator[Deliver]:
    """Return a function that delivers a router with faults, and a way to call it."""
    if request.param == "real" and (reason := why_not_available()):
        pytest.skip(reason)
    make = real_router if request.param == "real" else simulated_router
    with ExitStack() as stack:

        def delivered(*faults: Any, **setup: Any) -> Caller:
            quick = {"write_seconds": 0.1, "reboot_seconds": 0.2}
            caller = Caller(stack.enter_context(make(*faults, **(quick | setup))))
            stack.callback(caller.hang_up)
            return caller

        yield delivered


@pytest.fixture
def caller(deliver: Deliver) -> Caller:
    return deliver()
