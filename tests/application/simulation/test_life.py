"""A router that is off answers nobody, whoever knocked a moment before."""

import asyncio
import contextlib
import socket

import pytest

from application.simulation import Setup
from application.simulation.power import Life

_HOST = "127.0.0.1"


@pytest.mark.parametrize("turns", range(3, 9))
def test_nobody_reaches_a_router_that_was_turned_off_meanwhile(turns: int) -> None:
    """However far the connection has come by then, in turns of the event loop."""
    asyncio.run(_knock(turns))


async def _knock(turns: int) -> None:
    life = Life(Setup(), _HOST, _HOST)
    await life.power_on()
    knocking = socket.create_connection((_HOST, life.port))
    for _ in range(turns):
        await asyncio.sleep(0)
    life.power_off()
    reader, writer = await asyncio.open_connection(sock=knocking)
    writer.write(b"SSH-2.0-Knock\r\n")
    with contextlib.suppress(ConnectionError, TimeoutError):
        # No key exchange: at most the greeting that was on its way.
        assert len(await asyncio.wait_for(reader.read(), 0.1)) < 64
    assert not life.connections
    writer.close()
    await life.end()
