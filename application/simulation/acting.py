"""The guarded scripts, and the dead-man's switch, on a simulated router."""

from application.simulation import sysupgrade
from application.simulation.directory import (
    Directory,
    Flash,
    RefusedError,
    check_guard,
    check_owner,
    owes_first,
    take_over,
)
from application.simulation.machine import CHECKSUM, MARKER, Machine
from application.simulation.script import Script, check_boot, measured
from application.simulation.setup import CRITICAL, generation

_HUNG_SECONDS = 90.0
_HUNG_FOR_THE_SWITCH_SECONDS = 300.0
_WITH_VERDICT = 1907


def guarded(machine: Machine, script: Script) -> Directory:
    """Return the directory if the guard lets this script in."""
    check_boot(machine, script)
    return check_guard(machine.directory, script.visitor)


def claim(machine: Machine, script: Script) -> list[str]:
    check_boot(machine, script)
    visitor = script.visitor
    said = []
    if owed := owes_first(machine.directory, visitor, script["previous"]):
        if not flash_is_over(machine, owed, _HUNG_SECONDS):
            raise RefusedError("flashing", owed.operation)
        said = [f"restored={name}" for name in owed.services]
        give_back(machine, owed)
    before = machine.directory
    if before and before.fired and before.operation == visitor.operation:
        said = ["fired=1", "given_back=1"]
    machine.end_writers()
    machine.directory = take_over(before, visitor, script["path"], script.owed)
    machine.directory.deadline = machine.uptime + script.number("lease_seconds")
    return [*said, *measured(machine)]


def free_memory(machine: Machine, script: Script) -> list[str]:
    guarded(machine, script)
    return measured(machine)


def stop_services(machine: Machine, script: Script) -> list[str]:
    directory = guarded(machine, script)
    stopped = [
        name
        for name in script.words("services")
        if name in machine.services and name not in CRITICAL
    ]
    new = [name for name in stopped if name not in directory.services]
    directory.services += new
    for name in stopped:
        machine.stop(name)
    wired = machine.setup.way_in.startswith("eth")
    wifi = script["wifi"] == "1" and machine.wifi_is_up and wired
    if wifi:
        directory.wifi = True
        machine.switch_wifi(up=False)
    return [*(f"stopped={name}" for name in stopped), f"wifi_stopped={int(wifi)}"]


def extend(machine: Machine, script: Script) -> list[str]:
    directory = guarded(machine, script)
    if directory.deadline is None:
        raise RefusedError("disarmed", directory.operation)
    directory.deadline = machine.uptime + script.number("lease_seconds")
    return [f"deadline={int(directory.deadline)}"]


def test_image(machine: Machine, script: Script) -> list[str]:
    guarded(machine, script)
    if script["path"] not in machine.uploads:
        raise RefusedError("missing-file", script["path"])
    found = sysupgrade.complaints(machine, script["path"], set(script.words("flags")))
    said = [
        f"exit_status={int(bool(found))}",
        *(f"output={line}" for line in found),
    ]
    if generation(machine.disk.release) >= _WITH_VERDICT:
        valid = "false" if found else "true"
        said.append(
            f'verdict={{"valid": {valid},"forceable": true,"allow_backup": true}}'
        )
    return said


def flash(machine: Machine, script: Script) -> list[str]:
    directory = guarded(machine, script)
    file = machine.uploads.get(script["path"])
    if file is None:
        raise RefusedError("missing-file", script["path"])
    machine.end_writers()
    if (found := file.sha256()) != script["sha256"]:
        raise RefusedError("checksum", found)
    directory.flash = Flash(machine.uptime)
    directory.deadline = machine.uptime + script.number("lease_seconds")
    machine.disk.files.pop(CHECKSUM, None)
    machine.disk.files.pop(MARKER, None)
    if script["canary"]:
        directory.canary = script["canary"]
        machine.disk.files[script["canary"]] = script["operation"]
    machine.begin_flash(script["path"], set(script.words("flags")))
    return ["canary=1", "launched=1"]


def settle(machine: Machine, script: Script) -> list[str]:
    check_boot(machine, script)
    visitor = script.visitor
    if machine.directory is None:
        machine.directory = take_over(None, visitor, "", script.owed)
    directory = check_owner(machine.directory, visitor)
    if not flash_is_over(machine, directory, script.number("hung_seconds")):
        raise RefusedError("flashing", directory.operation)
    directory.visit = visitor.visit
    restored = list(directory.services)
    wifi = "up" if directory.wifi else "none"
    machine.remove(script["path"])
    give_back(machine, directory)
    directory.flash, directory.fired, directory.canary = None, False, ""
    return [
        *(f"restored={name}" for name in restored),
        f"wifi={wifi}",
        "removed=1",
        "disarmed=1",
    ]


def conclude(machine: Machine, script: Script) -> list[str]:
    check_boot(machine, script)
    if machine.directory and not machine.directory.settled:
        check_owner(machine.directory, script.visitor)
    if script["marker_sha256"]:
        machine.disk.files[MARKER] = script["marker_sha256"]
    machine.disk.files.pop(script["canary"], None)
    return ["concluded=1"]


def flash_is_over(machine: Machine, directory: Directory, seconds: float) -> bool:
    """Can our flash no longer happen? After `seconds` it counts as hung."""
    begun = directory.flash
    if begun is None or directory.fired or begun.was_refused:
        return True
    return not begun.asked_procd and machine.uptime - begun.begun_uptime >= seconds


def give_back(machine: Machine, directory: Directory) -> None:
    """Remove the upload, start the services, take the radio up, disarm the switch."""
    machine.end_writers()
    for path in (directory.path, directory.canary):
        machine.remove(path)
    for name in directory.services:
        machine.start(name)
    if directory.wifi:
        machine.switch_wifi(up=True)
    directory.services, directory.wifi = [], False
    directory.settled, directory.deadline = True, None


def seconds_to_deadline(machine: Machine) -> float | None:
    """Return how long the switch will wait, None where none is armed."""
    directory = machine.directory
    if directory is None or directory.deadline is None:
        return None
    return directory.deadline - machine.uptime


def fire(machine: Machine) -> bool:
    """Let the switch fire if it is due; False while a flash may still happen."""
    directory = machine.directory
    left = seconds_to_deadline(machine)
    if directory is None or left is None or left > 0:
        return True
    if not flash_is_over(machine, directory, _HUNG_FOR_THE_SWITCH_SECONDS):
        return False
    directory.fired = True
    give_back(machine, directory)
    return True
