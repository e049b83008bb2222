"""An inventory of Ansible in its YAML form."""

from collections.abc import Mapping
from typing import Any

import yaml

from application.importing.hosts import Inventory
from application.importing.sighting import SourceError

_DEPTH_MAX = 50


class _Texts(yaml.SafeLoader):  # type: ignore[misc]
    """Makes texts of all values, and knows merges (`<<`) and tags such as `!vault`.

    A MAC address of digits alone would be a number to base 60 otherwise.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the class above has it
        "<": [
            each
            for each in yaml.SafeLoader.yaml_implicit_resolvers["<"]
            if each[0] == "tag:yaml.org,2002:merge"
        ]
    }


def _text_of_tagged(loader: _Texts, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    raise SourceError(f"the tag {node.tag} needs Ansible to be understood")


_Texts.add_multi_constructor("", _text_of_tagged)


def read_yaml(text: str, inventory: Inventory) -> None:
    """Take in hosts, groups and variables. Raises SourceError."""
    try:
        told = yaml.load(text, Loader=_Texts)  # noqa: S506 - a safe one
    except (yaml.YAMLError, RecursionError) as error:
        where = " ".join(str(error).split())[:200]
        msg = f"this is no YAML: {where}"
        raise SourceError(msg) from None
    for name, group in _mapping(told, "the inventory").items():
        _take(str(name), _mapping(group, f"the group {name}"), inventory, 0)


def _take(
    name: str, group: Mapping[Any, Any], inventory: Inventory, depth: int
) -> None:
    if depth > _DEPTH_MAX:
        msg = f"groups are nested more than {_DEPTH_MAX} deep"
        raise SourceError(msg)
    variables = _mapping(group.get("vars"), f"vars of {name}")
    inventory.add_variables(name, {str(key): value for key, value in variables.items()})
    for host, told in _mapping(group.get("hosts"), f"hosts of {name}").items():
        of_host = _mapping(told, f"the host {host}")
        inventory.add_host(
            name, str(host), {str(key): value for key, value in of_host.items()}
        )
    for child, below in _mapping(group.get("children"), f"children of {name}").items():
        inventory.add_child(name, str(child))
        _take(str(child), _mapping(below, f"the group {child}"), inventory, depth + 1)


def _mapping(value: Any, what: str) -> Mapping[Any, Any]:
    if value in (None, "", "null", "~"):
        return {}
    if not isinstance(value, Mapping):
        msg = f"{what} must be names with values, not {type(value).__name__}"
        raise SourceError(msg)
    return value
