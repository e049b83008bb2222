"""Routers in an inventory of Ansible, INI or YAML.

Facts: "How to build your inventory" of Ansible's documentation. What needs Ansible
itself, templates and vaults, is said to be not understood instead of being guessed.
"""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from application.commands.devices import NewCredentials
from application.commands.registration import JumpLogin
from application.importing.ansible_ini import read_ini
from application.importing.ansible_yaml import read_yaml
from application.importing.hosts import Host, Inventory
from application.importing.log_ins import LogInError, jumps_of, log_in_of
from application.importing.sighting import Sighting, text_of

_MACS = ("mac_address", "mac", "macaddress")
# A template, and what `ansible-vault` has encrypted.
_SIGNS = ("{{", "$ANSIBLE_VAULT")
_SECRETS = ("ansible_password", "ansible_ssh_pass")


def read_ansible(path: Path, *, default: NewCredentials | None) -> Iterator[Sighting]:
    """Tell of each host. Raises SourceError."""
    text = text_of(path)
    is_yaml = path.suffix.lower() in {".yml", ".yaml", ".json"}
    inventory = Inventory()
    (read_yaml if is_yaml else read_ini)(text, inventory)
    for where, complaint in inventory.complaints:
        yield Sighting(where=where, problems=(complaint,))
    for host in inventory.hosts():
        yield _sighting(host, path.parent, default)


def _sighting(host: Host, directory: Path, default: NewCredentials | None) -> Sighting:
    told = host.variables
    problems = list(host.problems)
    problems += [
        f"{name} needs Ansible to be understood: write it out"
        for name, value in sorted(told.items())
        if name in _KNOWN and any(sign in str(value) for sign in _SIGNS)
    ]
    log_in: NewCredentials | None = None
    jumps: tuple[JumpLogin, ...] | None = None
    uuid: UUID | None = None
    try:
        log_in = log_in_of(
            user=_text(told, "ansible_user", "ansible_ssh_user"),
            port=_text(told, "ansible_port", "ansible_ssh_port"),
            password=_text(told, *_SECRETS),
            key_file=_text(told, "ansible_ssh_private_key_file"),
            directory=directory,
            default=default,
        )
        like = log_in or default
        jumps = jumps_of(_jumps(told), like)
    except LogInError as error:
        problems.append(str(error))
    if text := _text(told, "openwisp_uuid", "uuid"):
        try:
            uuid = UUID(text)
        except ValueError:
            problems.append(f"{text!r} is no UUID")
    mac_address = _text(told, *_MACS)
    if not mac_address:
        problems.append(
            "no MAC address tells this router from others: "
            "give the host a variable mac_address"
        )
    return Sighting(
        where=f"host {host.name}",
        name=host.name,
        mac_address=mac_address,
        addresses=(_text(told, "ansible_host", "ansible_ssh_host") or host.name,),
        group=_text(told, "flashlog_group") or host.group,
        organization=_text(told, "flashlog_organization"),
        agent_uuid=uuid,
        log_in=log_in,
        jumps=jumps,
        problems=tuple(problems),
        model=_text(told, "model"),
        os=_text(told, "os"),
        system=_text(told, "system"),
        notes=_text(told, "notes"),
        location=_text(told, "location"),
    )


def _text(told: Mapping[str, Any], *names: str) -> str:
    return next((str(told[name]).strip() for name in names if told.get(name)), "")


def _jumps(told: Mapping[str, Any]) -> list[str]:
    """Return the hosts of `ProxyJump` or `-J`, in the order of the way."""
    names = ("ansible_ssh_common_args", "ansible_ssh_extra_args")
    try:
        words = shlex.split(" ".join(str(told.get(name, "")) for name in names))
    except ValueError:
        msg = "the arguments for ssh have a quotation mark too many"
        raise LogInError(msg) from None
    found: list[str] = []
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if word == "-J":
            found += following.split(",")
        elif word.startswith("-J"):
            found += word[2:].split(",")
        if not word.startswith("-o"):
            continue
        option = following if word == "-o" else word.removeprefix("-o")
        # As in ssh_config, a blank may stand for the equals sign.
        name, _, value = option.strip().replace("=", " ", 1).partition(" ")
        if name.lower() == "proxyjump":
            found += value.strip().split(",")
        elif name.lower() == "proxycommand":
            msg = "a ProxyCommand is not understood: say it as ProxyJump"
            raise LogInError(msg)
    return list(filter(None, found))


_KNOWN = frozenset(
    {
        *_MACS,
        "model",
        "os",
        "system",
        "notes",
        "location",
        *_SECRETS,
        "ansible_user",
        "ansible_ssh_user",
        "ansible_port",
        "ansible_ssh_port",
        "ansible_host",
        "ansible_ssh_host",
        "ansible_ssh_private_key_file",
        "ansible_ssh_common_args",
        "ansible_ssh_extra_args",
        "flashlog_group",
        "flashlog_organization",
        "openwisp_uuid",
        "uuid",
    }
)
