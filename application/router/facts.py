"""What is known of a router after a script: amounts in bytes, times in seconds."""

import msgspec


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Room for an image: in memory, and in the upload directory.

    An image takes from both, since the directory is a tmpfs.
    """

    available_bytes: int
    room_bytes: int


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose directory is on the router; `settled`: nothing is owed any more."""

    installation: str
    operation: str
    visit: int
    settled: bool


class FlashFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How far a flash has come on a router that has not rebooted.

    `guard`: the flash was begun (or the switch fired) and cannot be begun again.
    `status` is sysupgrade's exit status: 246 and none prove nothing, any other is a
    refusal, explained in `log` (the last lines it printed).
    """

    guard: bool = False
    running: bool = False
    status: int | None = None
    log: tuple[str, ...] = ()

    @property
    def was_refused(self) -> bool:
        """Whether sysupgrade ended without giving the job to procd."""
        return self.status is not None and self.status not in (0, 246)


class RouterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a read-only look at a router tells.

    `wifi_may_be_way_in` is true unless it is sure that our own connection does not
    pass through the router's Wi-Fi. `canary` is the operation that left a canary file
    which a flash would have wiped out. `agent_uuid` is the OpenWISP agent's,
    `enrolled_uuid` the one that Flashlog wrote.
    """

    boot_id: str
    uptime_seconds: float
    release: str
    revision: str
    target: str
    description: str
    board: str
    model: str
    compat_version: str
    agent_uuid: str | None
    enrolled_uuid: str | None
    macs: tuple[str, ...]
    marker: str | None
    memory: Memory
    memory_total_bytes: int
    services: tuple[str, ...]
    way_in: str | None
    wifi_is_up: bool
    wifi_may_be_way_in: bool
    sysupgrade_running: bool
    owner: Owner | None = None
    switch_fired: bool = False
    flash: FlashFacts = FlashFacts()
    canary: str | None = None
    file_bytes: int | None = None


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The directory is ours and the switch is armed.

    `fired`: the switch of an earlier visit had fired, so the uploaded file is gone;
    `given_back`: and every service and Wi-Fi run again. `restored`, `not_restored`:
    services of the `previous` operation.
    """

    memory: Memory
    fired: bool
    given_back: bool = False
    restored: tuple[str, ...] = ()
    not_restored: tuple[str, ...] = ()


class ServiceStop(msgspec.Struct, frozen=True, kw_only=True):
    """Which services were stopped, and the memory measured afterwards."""

    stopped: tuple[str, ...]
    not_stopped: tuple[str, ...]
    wifi_stopped: bool
    memory: Memory


class Checksum(msgspec.Struct, frozen=True, kw_only=True):
    """Length and hash of the uploaded file."""

    bytes: int
    sha256: str


class ImageVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the router's own image test said.

    `structured` is the JSON of validate_firmware_image, which 18.06 does not have.
    """

    accepted: bool
    exit_status: int
    output: tuple[str, ...]
    structured: str | None


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """What was given back. `wifi`: `up`, `none` (never taken) or `down`."""

    restored: tuple[str, ...]
    not_restored: tuple[str, ...]
    wifi: str
    file_removed: bool
    switch_disarmed: bool

    @property
    def is_complete(self) -> bool:
        return (
            not self.not_restored
            and self.wifi != "down"
            and self.file_removed
            and self.switch_disarmed
        )


class HealthCheck(msgspec.Struct, frozen=True, kw_only=True):
    """How a health check command ended on the router."""

    exit_status: int
    output: tuple[str, ...]
