from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.flashlog import Flashlog
from tests.web import examples
from tests.web.people import Caller, People

API = "/api/v1/controller"
POINT = {"type": "Point", "coordinates": [12.5, 41.9]}
SSH = "openwisp_controller.connection.connectors.ssh.Ssh"
MASK = "********"


class Tenants(msgspec.Struct):
    """Two organizations, and who asks."""

    ours: UUID
    theirs: UUID
    root: Caller
    administrator: Caller
    operator: Caller
    powerless: Caller
    member: Caller
    stranger: Caller
    anonymous: Caller


@pytest.fixture
def tenants(flashlog: Flashlog, people: People) -> Tenants:
    ours = examples.organization(flashlog, "ours")
    theirs = examples.organization(flashlog, "theirs")
    return Tenants(
        ours=ours,
        theirs=theirs,
        root=people.superuser(),
        administrator=people.administrator(ours),
        operator=people.operator(ours),
        powerless=people.manager_without_permissions(ours),
        member=people.member(ours),
        stranger=people.administrator(theirs),
        anonymous=people.anonymous(),
    )


def device_body(organization_id: UUID, **changes: Any) -> dict[str, Any]:
    said = {
        "name": "ap-1",
        "organization": str(organization_id),
        "mac_address": "AA:BB:CC:DD:EE:01",
        "management_ip": "10.0.0.2",
        "model": "TP-Link TL-WDR4300 v1",
        "os": "OpenWrt 23.05",
    }
    return said | changes


def group_body(organization_id: UUID, **changes: Any) -> dict[str, Any]:
    said = {"name": "G", "organization": str(organization_id), "templates": []}
    return said | changes


def location_body(organization_id: UUID, **changes: Any) -> dict[str, Any]:
    said = {
        "name": "L",
        "organization": str(organization_id),
        "type": "outdoor",
        "geometry": POINT,
    }
    return said | changes


def credential_body(organization_id: UUID | None, **changes: Any) -> dict[str, Any]:
    said = {
        "connector": SSH,
        "name": "lab",
        "organization": str(organization_id) if organization_id else None,
        "params": {"username": "root", "password": "correct horse", "port": 22},
    }
    return said | changes


def made(caller: Caller, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Post, and return what was made."""
    answer = caller.post(f"{API}{path}", json=body)
    assert answer.status_code == 201, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found
