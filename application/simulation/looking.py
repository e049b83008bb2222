"""The scripts that only look, or that anybody may run, on a simulated router."""

import io
import tarfile

from application.simulation.directory import Directory
from application.simulation.machine import MARKER, Machine
from application.simulation.script import Script, measured

_LOG_LINES = 20
_NOT_FOUND = 127


def inspect(machine: Machine, script: Script) -> list[str]:
    setup, disk = machine.setup, machine.disk
    file = machine.uploads.get(script["path"])
    return [
        f"boot_id={machine.boot_id}",
        f"uptime={machine.uptime:.2f}",
        f"release={disk.release}",
        f"revision={disk.revision}",
        f"target={setup.target}",
        f"description=OpenWrt {disk.release} {disk.revision}",
        f"board={setup.board}",
        f"model={setup.model}",
        f"compat_version={'' if disk.compat_version == '1.0' else disk.compat_version}",
        f"agent_uuid={disk.uuid or ''}",
        f"enrolled_uuid={disk.enrolled_uuid or ''}",
        *(f"mac={mac}" for mac in setup.macs),
        f"marker={machine.read_text(MARKER)}",
        *measured(machine),
        *(f"service={name}" for name in sorted(machine.services)),
        f"way_in={setup.way_in}",
        f"wifi_up={int(machine.wifi_is_up)}",
        f"wifi_way_in={int(setup.has_wifi and not setup.way_in.startswith('eth'))}",
        f"sysupgrade_running={int(_is_flashing(machine.directory))}",
        f"canary={machine.read_text(script['canary'])}",
        *([f"file_bytes={file.size}"] if file else []),
        *(_directory(machine.directory) if machine.directory else []),
    ]


def _is_flashing(directory: Directory | None) -> bool:
    return bool(directory and directory.flash and directory.flash.running)


def _directory(directory: Directory) -> list[str]:
    flash = directory.flash
    flags = {
        "settled": directory.settled,
        "fired": directory.fired,
        "flash_guard": directory.flash_guard,
    }
    status = flash.status if flash else None
    return [
        f"owner_operation={directory.operation}",
        f"owner_installation={directory.installation}",
        f"owner_visit={directory.visit}",
        *(f"{key}=1" for key, is_set in flags.items() if is_set),
        f"sysupgrade_status={'' if status is None else status}",
        *(
            f"sysupgrade_log={line}"
            for line in (flash.log if flash else [])[-_LOG_LINES:]
        ),
    ]


def pieces(machine: Machine, script: Script) -> list[str]:
    file = machine.uploads.get(script["path"])
    if file is None:
        return []
    total, step = script.number("total_bytes"), script.number("piece_bytes")
    ends = [min(start + step, total) for start in range(0, total, step)]
    return [
        f"piece={file.sha256(end - (end % step or step), end)}"
        for end in ends
        if end <= file.size
    ]


def checksum(machine: Machine, script: Script) -> list[str]:
    file = machine.uploads.get(script["path"])
    return [f"bytes={file.size}", f"sha256={file.sha256()}"] if file else []


def enroll(machine: Machine, script: Script) -> list[str]:
    machine.disk.enrolled_uuid = script["uuid"]
    return [f"enrolled_uuid={script['uuid']}"]


def packages(machine: Machine, script: Script) -> list[str]:
    return ["known=1", *(f"package={name}" for name in machine.disk.packages)]


def health(machine: Machine, script: Script) -> list[str]:
    status, output = run_command(machine, script["command"])
    return [f"exit_status={status}", *(f"output={line}" for line in output)]


def run_command(machine: Machine, command: str) -> tuple[int, list[str]]:
    """Run what a person may type: true, false, exit N, echo, and what is set up."""
    if command in machine.setup.command_statuses:
        return machine.setup.command_statuses[command], []
    match command.split():
        case ["true"] | [":"]:
            return 0, []
        case ["false"]:
            return 1, []
        case ["exit", number] if number.isdigit():
            return int(number), []
        case ["echo", *words]:
            return 0, [" ".join(words)]
    return _NOT_FOUND, [f"ash: {command.split(maxsplit=1)[0]}: not found"]


def backup(machine: Machine) -> bytes:
    """Return what `sysupgrade -b -` writes: a gzipped tar of the configuration."""
    uuid = machine.disk.uuid
    option = f"\toption uuid '{uuid}'\n" if uuid else ""
    text = f"config controller 'http'\n{option}".encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("etc/config/openwisp")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return packed.getvalue()
