"""How what a script printed becomes facts."""

from application.router.facts import (
    Checksum,
    Claim,
    FlashFacts,
    HealthCheck,
    ImageVerdict,
    Memory,
    Owner,
    RouterFacts,
    ServiceStop,
    Settlement,
)
from application.router.reply import Reply

_KIB = 1024


def memory(reply: Reply) -> Memory:
    """Return the room for an image; the router counts in kB."""
    return Memory(
        available_bytes=reply.number("mem_available") * _KIB,
        room_bytes=reply.number("tmp_available") * _KIB,
    )


def router_facts(reply: Reply) -> RouterFacts:
    """Return what `inspect` told."""
    return RouterFacts(
        boot_id=reply.one("boot_id"),
        uptime_seconds=float(reply.one("uptime")),
        release=reply.one("release"),
        revision=reply.one("revision"),
        target=reply.one("target"),
        description=reply.one("description"),
        board=reply.one("board"),
        model=reply.one("model"),
        # A router whose configuration says nothing is at 1.0.
        compat_version=reply.text("compat_version") or "1.0",
        agent_uuid=reply.text("agent_uuid"),
        enrolled_uuid=reply.text("enrolled_uuid"),
        macs=tuple(mac.lower() for mac in reply.many("mac")),
        marker=reply.text("marker"),
        memory=memory(reply),
        memory_total_bytes=reply.number("mem_total") * _KIB,
        services=reply.many("service"),
        way_in=reply.text("way_in"),
        wifi_is_up=reply.flag("wifi_up"),
        wifi_may_be_way_in=reply.flag("wifi_way_in"),
        sysupgrade_running=reply.flag("sysupgrade_running"),
        owner=_owner(reply),
        switch_fired=reply.flag("fired"),
        flash=_flash(reply),
        canary=reply.text("canary"),
        file_bytes=reply.number("file_bytes") if reply.text("file_bytes") else None,
    )


def claim(reply: Reply) -> Claim:
    return Claim(
        memory=memory(reply),
        fired=reply.flag("fired"),
        given_back=reply.flag("given_back"),
        restored=reply.many("restored"),
        not_restored=reply.many("not_restored"),
    )


def service_stop(reply: Reply) -> ServiceStop:
    return ServiceStop(
        stopped=reply.many("stopped"),
        not_stopped=reply.many("not_stopped"),
        wifi_stopped=reply.flag("wifi_stopped"),
        memory=memory(reply),
    )


def checksum(reply: Reply) -> Checksum | None:
    """Return length and hash of the file; None where it said that there is none."""
    sha256 = reply.text("sha256")
    return Checksum(bytes=reply.number("bytes"), sha256=sha256) if sha256 else None


def image_verdict(reply: Reply) -> ImageVerdict:
    status = reply.number("exit_status")
    return ImageVerdict(
        accepted=status == 0,
        exit_status=status,
        output=reply.many("output"),
        structured=reply.text("verdict"),
    )


def settlement(reply: Reply) -> Settlement:
    return Settlement(
        restored=reply.many("restored"),
        not_restored=reply.many("not_restored"),
        wifi=reply.one("wifi"),
        file_removed=reply.flag("removed"),
        switch_disarmed=reply.flag("disarmed"),
    )


def health_check(reply: Reply) -> HealthCheck:
    return HealthCheck(
        exit_status=reply.number("exit_status"), output=reply.many("output")
    )


def _owner(reply: Reply) -> Owner | None:
    if not (operation := reply.text("owner_operation")):
        return None
    return Owner(
        installation=reply.one("owner_installation"),
        operation=operation,
        visit=reply.number("owner_visit"),
        settled=reply.flag("settled"),
    )


def _flash(reply: Reply) -> FlashFacts:
    status = reply.text("sysupgrade_status")
    return FlashFacts(
        guard=reply.flag("flash_guard"),
        running=reply.flag("sysupgrade_running"),
        status=int(status) if status and status.isdigit() else None,
        log=reply.many("sysupgrade_log"),
    )
