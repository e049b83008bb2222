"""The fence that every script that changes a router carries."""

import msgspec


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """Who comes, and when: checked on the router before anything is changed.

    `visit` is the number of the visit within the operation: a router that has seen a
    newer one refuses. `boot_id` is the boot that the caller saw; after a reboot the
    router refuses.
    """

    installation: str
    operation: str
    visit: int
    boot_id: str

    def inputs(self) -> dict[str, str | int]:
        return msgspec.structs.asdict(self)
