"""A jump host on the way to routers, and the host key it has shown."""

from uuid import NAMESPACE_URL, UUID, uuid5

from domain.base import Aggregate, Event
from domain.device.words import PinnedKey


class KnownHostEvent(Event, frozen=True, kw_only=True):
    """A fact of a jump host."""


class KeyPinned(KnownHostEvent, frozen=True, kw_only=True):
    """On first use, or because a person said so."""

    TOPIC = "KnownHost:KeyPinned"

    address: str
    port: int
    key: PinnedKey
    by: UUID | None = None

    def apply(self, host: "KnownHost") -> None:
        host.key = self.key


class KnownHost(Aggregate):
    """The id is derived from address and port: all devices behind it share it."""

    key: PinnedKey | None = None

    @staticmethod
    def id_of(address: str, port: int) -> UUID:
        return uuid5(NAMESPACE_URL, f"flashlog:known-host:{address.lower()}:{port}")

    def pin(
        self, address: str, port: int, key: PinnedKey, *, by: UUID | None = None
    ) -> None:
        if self.key != key:
            self.record(KeyPinned(address=address, port=port, key=key, by=by))


KnownHostEvent.AGGREGATE = KnownHost
