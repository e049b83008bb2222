"""Where routers of a test listen."""

import random
import socket


def free_places(count: int) -> list[tuple[str, int]]:
    """Addresses of the loopback network with one port that is free on all of them.

    Below the ports that the system gives to clients, so it stays free.
    """
    while True:
        port = random.randint(10000, 32000)
        hosts = [
            ".".join(["127", *(str(random.randint(1, 254)) for _ in range(3))])
            for _ in range(count)
        ]
        places = [(host, port) for host in hosts]
        try:
            for place in places:
                with socket.socket() as probe:
                    probe.bind(place)
        except OSError:
            continue
        return places
