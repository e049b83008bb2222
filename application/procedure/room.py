"""Make room for the image: back up, claim the router, free memory."""

import hashlib
from functools import partial
from uuid import UUID

from application.adapters.vault import CONFIGURATION_BACKUP, KEEPING
from application.errors import RefusedStepError
from application.ports import ImageSource, Span
from application.procedure.visit import Visit
from application.router.facts import Claim, Memory, RouterFacts
from application.router.refusals import GuardRefusedError, Refusal
from application.router.router import Router
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Obligation, SettledBy

# Without these nobody gets in any more, whatever the settings say.
_NEVER_STOPPED = frozenset(
    {"network", "netifd", "dropbear", "sshd", "firewall", "wpad", "ubus"}
)


def back_up(visit: Visit, router: Router) -> None:
    """Fetch the configuration into the vault before anything is changed."""
    if not visit.settings.backup_configuration or visit.operation.backup_id:
        return
    archive = router.backup()
    # What is not recorded after all is forgotten by a runner that starts: only then
    # it is sure that nothing names it.
    with visit.flashlog.among(KEEPING, when_first=lambda: None):
        backed_up = events.ConfigurationBackedUp(
            backup_id=visit.flashlog.vault.put(CONFIGURATION_BACKUP, archive),
            sha256=hashlib.sha256(archive).hexdigest(),
            size_bytes=len(archive),
        )
        visit.write(lambda operation: operation.note(backed_up))


def make(
    visit: Visit, router: Router, facts: RouterFacts, image: ImageSource
) -> list[Span]:
    """Claim the router and make room; returns what is still missing of the image.

    Raises RefusedStepError where there is not enough memory whatever is stopped.
    """
    claim = _claim(visit, router)
    if claim.given_back:
        _note_what_the_switch_gave_back(visit)
    missing = [Span(0, image.size)]
    if facts.file_bytes and not claim.fired:
        missing = missing_spans(visit, router, image)
    needed = sum(span.end - span.start for span in missing)
    _make_memory(visit, router, facts, claim.memory, needed)
    return missing


def missing_spans(visit: Visit, router: Router, image: ImageSource) -> list[Span]:
    """Compare the file on the router with the image, piece by piece."""
    piece_bytes = visit.settings.upload_chunk_bytes // 2
    hashes = router.pieces(
        path=visit.path, piece_bytes=piece_bytes, total_bytes=image.size
    )
    missing: list[Span] = []
    for number, start in enumerate(range(0, image.size, piece_bytes)):
        end = min(start + piece_bytes, image.size)
        piece = hashlib.sha256(image.read(start, end - start)).hexdigest()
        if number < len(hashes) and hashes[number] == piece:
            continue
        if missing and missing[-1].end == start:
            missing[-1] = Span(missing[-1].start, end)
        else:
            missing.append(Span(start, end))
    return missing


def _claim(visit: Visit, router: Router) -> Claim:
    lease_seconds = visit.settings.switch_lease_seconds
    if Obligation.SWITCH not in visit.operation.owed:
        armed = events.SwitchArmed(lease_seconds=lease_seconds)
        visit.write(lambda operation: operation.note(armed))
    claim = partial(
        router.claim,
        visit.fence(),
        path=visit.path,
        lease_seconds=int(lease_seconds),
        owed=visit.owed(),
    )
    try:
        return claim()
    except GuardRefusedError as refusal:
        if refusal.word is not Refusal.OWED:
            raise
        _require_settled(visit, refusal.detail)
        # It was written off; what it left on the router is given back first.
        return claim(previous=refusal.detail)


def _note_what_the_switch_gave_back(visit: Visit) -> None:
    """Settle what the fired switch gave back; the claim has armed it again."""
    if visit.operation.owed == {Obligation.SWITCH}:
        return
    armed = events.SwitchArmed(lease_seconds=visit.settings.switch_lease_seconds)

    def decide(operation: UpgradeOperation) -> None:
        operation.settle_by(SettledBy.SWITCH)
        operation.note(armed)

    visit.write(decide)


def _require_settled(visit: Visit, operation_id: str) -> None:
    """Make sure that no other operation of ours is at work on this very router.

    Of one device there is none; but two devices may turn out to be one router.
    """
    older = visit.flashlog.log.find(UpgradeOperation, UUID(operation_id))
    if older is not None and not older.is_settled:
        msg = (
            f"operation {older.id} of another device is at work on this router: two "
            "devices of the inventory are one router"
        )
        raise RefusedStepError(msg)


def _make_memory(
    visit: Visit, router: Router, facts: RouterFacts, memory: Memory, missing: int
) -> None:
    needed = missing + visit.settings.memory_margin_bytes
    measured = events.MemoryMeasured(
        available_bytes=memory.available_bytes,
        needed_bytes=needed,
        room_bytes=memory.room_bytes,
    )
    if _fits(memory, missing, needed):
        visit.write(lambda operation: operation.note(measured))
        return
    memory = router.free_memory(visit.fence(), path=visit.path)
    if _fits(memory, missing, needed):
        freed = _freed(memory, needed)
        visit.write(lambda operation: operation.note(measured, freed))
        return
    visit.write(lambda operation: operation.note(measured))
    if memory.room_bytes >= missing:
        memory = _stop_services(visit, router, facts)
    if not _fits(memory, missing, needed):
        raise RefusedStepError(_too_little(visit, memory, missing, needed))
    freed = _freed(memory, needed)
    visit.write(lambda operation: operation.note(freed))


def _stop_services(visit: Visit, router: Router, facts: RouterFacts) -> Memory:
    """Stop what may be stopped; on record first, so that nothing is forgotten."""
    settings, operation = visit.settings, visit.operation
    running = [
        name
        for name in settings.service_names
        if name in facts.services and name not in _NEVER_STOPPED
    ]
    services = tuple(dict.fromkeys((*operation.owed_services, *running)))
    wifi = (
        settings.stop_wifi and facts.wifi_is_up and not facts.wifi_may_be_way_in
    ) or Obligation.WIFI in operation.owed
    begun = events.ServicesStopBegun(services=services, wifi=wifi)
    visit.write(lambda operation: operation.note(begun))
    stop = router.stop_services(
        visit.fence(),
        path=visit.path,
        services=services,
        wifi=wifi,
        settle_seconds=int(settings.memory_settle_seconds),
    )
    stopped = events.ServicesStopped(services=stop.stopped, wifi=stop.wifi_stopped)
    visit.write(lambda operation: operation.note(stopped))
    return stop.memory


def _fits(memory: Memory, missing: int, needed: int) -> bool:
    return memory.available_bytes >= needed and memory.room_bytes >= missing


def _freed(memory: Memory, needed: int) -> events.MemoryFreed:
    return events.MemoryFreed(
        available_bytes=memory.available_bytes, needed_bytes=needed
    )


def _too_little(visit: Visit, memory: Memory, missing: int, needed: int) -> str:
    if memory.room_bytes < missing:
        return (
            f"not enough room in {visit.settings.upload_directory}: found "
            f"{_mib(memory.room_bytes)}, the image needs {_mib(missing)}"
        )
    return (
        f"not enough memory even after freeing some: found "
        f"{_mib(memory.available_bytes)}, needed {_mib(needed)} (image and a margin of "
        f"{_mib(visit.settings.memory_margin_bytes)})"
    )


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):.1f} MiB"
