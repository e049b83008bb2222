"""An inventory of Ansible in its INI form."""

import ast
import shlex
from typing import Any

from application.importing.hosts import Inventory
from application.importing.sighting import SourceError


def read_ini(text: str, inventory: Inventory) -> None:
    """Take in hosts, groups and variables; a line that makes no sense is noted."""
    section = ("ungrouped", "hosts")
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith(("#", ";")):
            continue
        try:
            if line.startswith("["):
                section = _section(line)
                inventory.add_variables(section[0], {})
            else:
                _take(line, *section, inventory)
        except SourceError as error:
            inventory.complaints.append((f"line {number}", str(error)))


def _take(line: str, group: str, kind: str, inventory: Inventory) -> None:
    if kind == "vars":
        inventory.add_variables(group, dict([_assigned(line)]))
    elif kind == "children":
        inventory.add_child(group, _words(line)[0])
    else:
        name, *words = _words(line)
        told = dict(_assigned(word) for word in words)
        host, port = _with_port(name)
        inventory.add_host(group, host, port | told)


def _section(line: str) -> tuple[str, str]:
    words = _words(line)
    name = words[0] if len(words) == 1 else ""
    if not name.endswith("]"):
        raise SourceError("a heading is [group], [group:vars] or [group:children]")
    group, _, kind = name[1:-1].partition(":")
    if kind not in {"", "hosts", "vars", "children"} or not group:
        raise SourceError(f"the heading {line} is not known")
    return group, kind or "hosts"


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        raise SourceError("a quotation mark is not closed") from None


def _assigned(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SourceError(f"{text!r} is not name=value")
    return name.strip(), _value(value.strip())


def _value(text: str) -> Any:
    """Read a Python literal, as Ansible does; anything else is a text."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return found if isinstance(found, str) else text


def _with_port(name: str) -> tuple[str, dict[str, str]]:
    """Part the old way of writing a port, `host:2222`, from ranges like `[1:3]`."""
    host, colon, port = name.rpartition(":")
    if colon and port.isdecimal() and ":" not in host:
        return host, {"ansible_port": port}
    return name, {}
