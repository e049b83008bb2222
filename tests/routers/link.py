"""The wire to a real router: a TCP proxy that can be slow, silent or cut."""

import asyncio
import contextlib
from collections.abc import Callable

_CHUNK_BYTES = 65536
_IN_FLIGHT_CHUNKS = 256


class Connection:
    """One TCP connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.open_for_packets = asyncio.Event()
        self.open_for_packets.set()
        self.hung = False
        self._client = client

    def abort(self) -> None:
        self.open_for_packets.set()
        self._client.transport.abort()


class Link:
    """Listens where the router seems to be and passes on to its dropbear.

    `delay_seconds` is one way. `on_upload` is called after every piece that went
    towards the router.
    """

    def __init__(self, backend: tuple[str, int], delay_seconds: float = 0.0) -> None:
        self._backend = backend
        self.delay_seconds = delay_seconds
        self.on_upload: Callable[[], None] = lambda: None
        self._server: asyncio.Server | None = None
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self.is_cut = False
        self._place: tuple[str, int] | None = None

    async def listen(self, host: str, port: int) -> None:
        self._place = (host, port)
        if self.is_cut or self._server is not None:
            return
        self._server = await asyncio.start_server(
            self._serve, host, port, limit=4 * _CHUNK_BYTES, backlog=256
        )

    async def refuse(self) -> None:
        """Answer nobody any more; open connections stay as they are."""
        self._place = None
        self._close()

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self) -> None:
        """End every connection at once."""
        for connection in list(self._connections):
            connection.abort()

    def cut_all_but_hung(self) -> None:
        for connection in list(self._connections):
            if not connection.hung:
                connection.abort()

    def hang(self) -> None:
        """Silence for good on every connection of now."""
        for connection in self._connections:
            connection.hung = True
            connection.open_for_packets.clear()

    def go_silent(self) -> None:
        """No packet passes until `restore`; new connections are refused."""
        self.is_cut = True
        self._close()
        for connection in self._connections:
            connection.open_for_packets.clear()

    async def restore(self) -> None:
        self.is_cut = False
        for connection in self._connections:
            if not connection.hung:
                connection.open_for_packets.set()
        if self._place is not None:
            await self.listen(*self._place)

    async def close(self) -> None:
        await self.refuse()
        tasks = list(self._connections.values())
        self.cut()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connection = Connection(writer)
        task = asyncio.current_task()
        assert task is not None
        self._connections[connection] = task
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._join(connection, reader, writer)
        finally:
            del self._connections[connection]
            writer.transport.abort()

    async def _join(
        self,
        connection: Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        back_reader, back_writer = await asyncio.open_connection(
            *self._backend, limit=4 * _CHUNK_BYTES
        )
        try:
            up = self._pump(connection, reader, back_writer, self._uploaded)
            down = self._pump(connection, back_reader, writer, lambda: None)
            async with asyncio.TaskGroup() as both:
                both.create_task(up)
                both.create_task(down)
        except* OSError:
            pass  # one side is gone
        finally:
            back_writer.transport.abort()

    def _uploaded(self) -> None:
        self.on_upload()

    async def _pump(
        self,
        connection: Connection,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        passed: Callable[[], None],
    ) -> None:
        """Each piece leaves `delay_seconds` after it came, in order."""
        loop = asyncio.get_running_loop()
        flight: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_IN_FLIGHT_CHUNKS)

        async def take_off() -> None:
            piece = b"-"
            while piece:
                try:
                    piece = await source.read(_CHUNK_BYTES)
                except OSError:  # reset: on a silent wire nobody hears of it
                    piece = b""
                await flight.put((loop.time() + self.delay_seconds, piece))

        async def land() -> None:
            while True:
                due, piece = await flight.get()
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                await connection.open_for_packets.wait()
                if not piece:
                    break
                target.write(piece)
                await target.drain()
                passed()
            if target.can_write_eof():
                target.write_eof()

        async with asyncio.TaskGroup() as both:
            both.create_task(take_off())
            both.create_task(land())
