"""Scripts as they come over the wire, taken apart again."""

from collections.abc import Mapping

_NAMED = "# flashlog "


def taken_apart(command: str) -> tuple[str, Mapping[str, str]] | None:
    """Return name and inputs of the script that a command is, None for any other."""
    if not command.startswith(_NAMED):
        return None
    first, _, rest = command.partition("\n")
    inputs = {}
    while rest:
        line, _, rest = rest.partition("\n")
        key, _, value = line.partition("=")
        if not (key.isidentifier() and len(value) > 1 and value[0] == value[-1] == "'"):
            break
        # As `scripts.quote` has quoted it.
        inputs[key] = value[1:-1].replace("'\\''", "'")
    return first.removeprefix(_NAMED), inputs
