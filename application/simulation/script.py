"""Scripts of Flashlog as they come over the wire: a name and inputs."""

import msgspec

from application.scripts.reading import taken_apart
from application.simulation.directory import Owed, RefusedError, Visitor
from application.simulation.machine import Machine


class Script(msgspec.Struct, frozen=True):
    """One script; `inputs` are the values, without their quotes."""

    name: str
    inputs: dict[str, str]

    def __getitem__(self, key: str) -> str:
        return self.inputs[key]

    def number(self, key: str) -> int:
        return int(self.inputs[key])

    def words(self, key: str) -> list[str]:
        return self.inputs[key].split()

    @property
    def visitor(self) -> Visitor:
        return Visitor(
            self["installation"],
            self["operation"],
            self.number("visit"),
            self["boot_id"],
        )

    @property
    def owed(self) -> Owed:
        return Owed(tuple(self.words("owed_services")), self["owed_wifi"] == "1")


def parse(command: str) -> Script | None:
    """Return the script that a command is, None for any other command."""
    found = taken_apart(command)
    return Script(found[0], dict(found[1])) if found else None


def check_boot(machine: Machine, script: Script) -> None:
    if script["boot_id"] != machine.boot_id:
        raise RefusedError("rebooted", machine.boot_id)


def measured(machine: Machine) -> list[str]:
    """Return what the part `memory.sh` prints."""
    return [
        f"mem_available={machine.available_kb}",
        f"mem_total={machine.setup.memory_total_kb}",
        f"tmp_available={machine.room_kb}",
    ]
