"""What was kept of a visit beside the log."""

from domain.operation.events.base import OperationEvent


class VisitRecorded(OperationEvent, frozen=True, kw_only=True):
    """What was said to the router and what it answered is in a file beside the log.

    `sha256` and `size_bytes` are the file's, `commands` is how many it tells of. Where
    it could not be kept `trouble` says why, and the hash is blank.
    """

    TOPIC = "UpgradeOperation:VisitRecorded"

    sha256: str = ""
    size_bytes: int = 0
    commands: int = 0
    trouble: str = ""
