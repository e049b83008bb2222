"""The closed set of scripts that run on a router, and how their text is made.

A script is a file `NAME.sh` beside this one, the parts it is built on (`guard.sh`
and others) and the inputs it declares. What is sent to the router is one command:

    # flashlog NAME
    key='value'          one line per input, in declared order, always quoted
    …body…

so that a simulated router can tell the script by its first line and its inputs by
the lines that follow, and never has to understand the body. On standard output a
script prints lines `key=value`; it exits with 0 whenever it worked as written, also
when it refuses (`refused=word`).
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

# Dropbear refuses commands longer than 9000 bytes (MAX_CMD_LEN).
TEXT_BYTES_MAX = 8800

FENCE = ("installation", "operation", "visit", "boot_id")
OWED = ("owed_services", "owed_wifi")


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """What a script takes and what it is made of.

    A guarded script takes the fence first and checks it before it changes anything.
    """

    inputs: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    guarded: bool = False

    @property
    def all_inputs(self) -> tuple[str, ...]:
        return (FENCE if self.guarded else ()) + self.inputs


def _guarded(*inputs: str, parts: tuple[str, ...] = ()) -> Declaration:
    return Declaration(inputs=inputs, parts=("state", "guard", *parts), guarded=True)


SCRIPTS: Mapping[str, Declaration] = {
    "inspect": Declaration(
        inputs=("directory", "path", "canary"), parts=("state", "memory", "wifi")
    ),
    "claim": _guarded(
        "lease_seconds",
        "path",
        "previous",
        *OWED,
        parts=("memory", "restore", "switch"),
    ),
    "free_memory": _guarded("path", parts=("memory",)),
    "stop_services": _guarded(
        "path", "services", "wifi", "settle_seconds", parts=("memory", "wifi")
    ),
    "pieces": Declaration(inputs=("path", "piece_bytes", "total_bytes")),
    "write": _guarded("path", "offset"),
    "extend": _guarded("lease_seconds", parts=("restore", "switch")),
    "checksum": Declaration(inputs=("path",)),
    "test_image": _guarded("path", "flags"),
    "backup": Declaration(),
    "flash": _guarded(
        "path",
        "flags",
        "sha256",
        "canary",
        "lease_seconds",
        parts=("restore", "switch"),
    ),
    "settle": _guarded(
        "path", "wait_seconds", "hung_seconds", *OWED, parts=("restore",)
    ),
    "conclude": _guarded("marker_sha256", "canary"),
    "enroll": Declaration(inputs=("uuid",)),
    "packages": Declaration(),
    "health": Declaration(inputs=("command", "stop_after_seconds")),
}


def render(name: str, **inputs: str | int) -> str:
    """Return the text of the script with these inputs.

    Raises TypeError when an input is missing or unknown, ValueError when a value
    holds a line break or NUL, which no script needs, or the text grows too long.
    """
    declaration = SCRIPTS[name]
    declared = declaration.all_inputs
    if unknown := set(inputs) - set(declared):
        raise TypeError(f"script {name} takes no input {', '.join(sorted(unknown))}")
    if missing := [key for key in declared if key not in inputs]:
        raise TypeError(f"script {name} needs the input {', '.join(missing)}")
    assignments = [f"{key}={quote(str(inputs[key]))}" for key in declared]
    text = "\n".join([f"# flashlog {name}", *assignments, body(name)])
    if len(text.encode()) > TEXT_BYTES_MAX:
        raise ValueError(
            f"script {name} is longer than {TEXT_BYTES_MAX} bytes: "
            "dropbear would refuse it"
        )
    return text


def quote(value: str) -> str:
    """Quote one value for the shell, so that it arrives as it is."""
    if any(character in value for character in "\n\r\0"):
        raise ValueError(f"a value for the router holds a line break or NUL: {value!r}")
    return "'" + value.replace("'", "'\\''") + "'"


@cache
def body(name: str) -> str:
    """Return the parts and the script itself, without comments."""
    return "\n".join(_lines(part) for part in (*SCRIPTS[name].parts, name))


def _lines(part: str) -> str:
    text = files(__package__).joinpath(f"{part}.sh").read_text("utf-8")
    stripped = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in stripped if line and not line.startswith("#"))
