"""Scripts as they come over the wire, taken apart again."""

import shlex
from collections.abc import Mapping

_NAMED = "# flashlog "


def taken_apart(command: str) -> tuple[str, Mapping[str, str]] | None:
    """Return name and inputs of the script that a command is, None for any other."""
    first, *lines = command.splitlines() or [""]
    if not first.startswith(_NAMED):
        return None
    inputs = {}
    for line in lines:
        key, _, value = line.partition("=")
        if not (key.isidentifier() and value.startswith("'")):
            break
        inputs[key] = "".join(shlex.split(value))
    return first.removeprefix(_NAMED), inputs
