"""How long each script may take on a slow router, in seconds."""

import msgspec


class RouterLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the scripts, the waits inside them included.

    `restore_wait_seconds` is how long settling waits for services to run again;
    `hung_flash_seconds` the age at which a sysupgrade that neither ended nor rebooted
    the router counts as hung, so that settling may end it.
    """

    script_seconds: float = 45.0
    checksum_seconds: float = 120.0
    image_test_seconds: float = 180.0
    backup_seconds: float = 120.0
    backup_bytes_max: int = 32 << 20
    restore_wait_seconds: int = 20
    hung_flash_seconds: int = 90
