"""What is told on channels of PostgreSQL, counted: nothing is asked for that."""

from collections import Counter

from application.adapters.postgres.pool import Raw


class Channels:
    """Counts what is told on each; which connection it comes from may change."""

    def __init__(self) -> None:
        self._wanted: set[str] = set()
        # Those of them that the server knows of, on the connection of now.
        self._listening: set[str] = set()
        self._told: Counter[str] = Counter()

    def want(self, channel: str) -> None:
        self._wanted.add(channel)

    def listen(self, connection: Raw) -> None:
        """Let the server tell us on this connection what it does not tell yet."""
        for channel in list(self._wanted - self._listening):
            connection.execute(f'LISTEN "{channel}"'.encode())
            self._listening.add(channel)
            # Before it listened, anything may have happened.
            self.hear(channel)

    def take(self, connection: Raw) -> None:
        """Count what a connection has in memory, which its socket tells no more."""
        while told := connection.pgconn.notifies():
            self.hear(told.relname.decode())

    def hear(self, channel: str) -> None:
        self._told[channel] += 1

    def lose(self) -> None:
        """Take note that the connection is gone."""
        self._listening.clear()

    def times_told(self, channel: str) -> int:
        return self._told[channel]


class Heard:
    """Whether a channel was told something since it was last asked."""

    def __init__(self, channels: Channels, channel: str) -> None:
        self._channels = channels
        self._channel = channel
        self._seen = -1

    def has_happened(self) -> bool:
        told = self._channels.times_told(self._channel)
        has_grown = told != self._seen
        self._seen = told
        return has_grown

    def close(self) -> None:
        """Nothing is kept for one of them."""
