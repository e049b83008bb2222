"""Is what the log says of an operation what its router knows?"""

from collections.abc import Iterator
from uuid import UUID

from domain.catalogue import FirmwareImage
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Status
from tests.chaos.records import Records

_NO_FLASH = (Status.CANCELLED, Status.ABORTED)


def wrong_verdicts(records: Records) -> Iterator[str]:
    for operation_id, operation in records.operations.items():
        for what in _of_operation(records, operation):
            yield f"{what}\n{records.told(operation_id)}"
    for operation_id in records.flashes.keys() - records.operations.keys():
        yield f"operation {operation_id} is in no log, yet it flashed"


def _of_operation(records: Records, operation: UpgradeOperation) -> Iterator[str]:
    status, flashes = operation.status, records.flashes[operation.id]
    if not operation.is_settled:
        yield f"not settled: {status}, owes {sorted(operation.owed)}"
    if flashes > 1:
        yield f"{flashes} flashes by one operation"
    if flashes and not operation.has_begun_flash:
        yield f"{status}: flashed and the log does not say that it began"
    if status in _NO_FLASH and (flashes or operation.has_begun_flash):
        yield f"{status}, yet flashed {flashes} times"
    if others := records.flashed_by[operation.id] - {records.number_of(operation)}:
        yield f"flashed the routers {others} of other devices"
    if status is Status.SUCCESS:
        yield from _of_success(records, operation)
    if status is Status.FAILED:
        yield from _of_failure(records, operation)


def _of_success(records: Records, operation: UpgradeOperation) -> Iterator[str]:
    log = records.house.flashlog.log
    revision = log.get(FirmwareImage, operation.image_id).facts.revision
    if operation.has_begun_flash and records.flashes[operation.id] != 1:
        yield f"success after {records.flashes[operation.id]} flashes"
    proof = (
        events.OutcomeVerified if operation.has_begun_flash else events.IdentityVerified
    )
    boots = [
        event.boot_id
        for event in records.stories[operation.id]
        if isinstance(event, proof)
    ]
    ran = records.router_of(operation).booted.get(boots[-1]) if boots else None
    if ran != revision:
        yield f"success, but {ran} ran and not {revision}"


def _of_failure(records: Records, operation: UpgradeOperation) -> Iterator[str]:
    """Hold the reason that people are told against what the router was."""
    reason = _reason(records, operation.id)
    if not reason:
        yield "failed without a reason"
    if "unchanged" in reason and records.flashes[operation.id]:
        yield "failed and said to be unchanged, yet flashed"
    back = [
        event
        for event in records.stories[operation.id]
        if isinstance(event, events.Reconnected)
    ]
    booted = records.router_of(operation).booted
    ran = booted.get(back[-1].boot_id) if back else None
    before = operation.before.revision if operation.before else None
    if "old firmware" in reason and ran != before:
        yield f"failed with the old firmware, but {ran} ran"
    if "another firmware" in reason and ran == before:
        yield f"failed with another firmware, but {ran} ran before"


def _reason(records: Records, operation_id: UUID) -> str:
    story = records.stories[operation_id]
    (failed,) = [event for event in story if isinstance(event, events.Failed)]
    return failed.reason
