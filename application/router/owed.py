"""What the log says is owed to a router."""

import msgspec


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """Services and Wi-Fi that were taken from a router and not given back yet.

    The router keeps a list of its own, which counts; the log's is for a router whose
    list is gone, because somebody deleted Flashlog's directory by hand.
    """

    services: tuple[str, ...] = ()
    wifi: bool = False

    def inputs(self) -> dict[str, str | int]:
        return {
            "owed_services": " ".join(self.services),
            "owed_wifi": int(self.wifi),
        }


NOTHING_OWED = Owed()
