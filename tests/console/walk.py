"""Every path of the console, found by walking the URLs of the application."""

from collections.abc import Iterator

from flask import Flask

from tests.tenancy.city import filled
from tests.tenancy.tenant import Tenant
from web.console import SECTIONS
from web.console.section import Section

# What ends something is asked for last.
_LAST = ("cancel", "deactivate", "disconnect", "delete")


def rules(app: Flask, method: str = "GET") -> list[str]:
    """Return the rules of every section that answer a method."""
    names = {each.blueprint.name for each in SECTIONS if _is_section(each.blueprint)}
    found = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in names and method in (rule.methods or ())
    ]
    assert found
    return sorted(found, key=lambda rule: (_is_last(rule), -len(rule)))


def paths(
    app: Flask, tenant: Tenant, shared: Tenant | None = None, *, method: str = "GET"
) -> Iterator[str]:
    """Every path about the things of an organization, or what all share."""
    for rule in rules(app, method):
        yield filled(rule, tenant, shared)


def _is_section(blueprint: object) -> bool:
    return isinstance(blueprint, Section)


def _is_last(rule: str) -> bool:
    return any(word in rule for word in _LAST)
