"""What a row of each read model shows of its aggregate: one function a table."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.base import Aggregate
from domain.catalogue import Build, Category, FirmwareImage
from domain.credentials import Credentials
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation
from domain.organization import Organization
from domain.user import User

Row = dict[str, Any]


def moment(at: datetime) -> str:
    """Write a time so that text order is time order: fixed width, UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _operation(operation: UpgradeOperation) -> Row:
    next_visit_at = operation.next_visit_at
    return {
        "device_id": str(operation.device_id),
        "image_id": str(operation.image_id),
        "batch_id": _optional(operation.batch_id),
        "retry_of": _optional(operation.retry_of),
        "options": _json(operation.options),
        "status": operation.status,
        "phase": operation.phase,
        "progress": operation.progress,
        "attempt": operation.attempt,
        "cancellable": int(operation.is_cancellable),
        "owed": ",".join(sorted(operation.owed)),
        "given_up": ",".join(operation.given_up),
        "next_visit_at": moment(next_visit_at) if next_visit_at else None,
        "version": operation.version,
    }


def _device(device: Device) -> Row:
    learned = device.learned
    return {
        "name": device.name,
        "organization_id": str(device.organization_id),
        "mac_address": device.mac_address,
        "addresses": _json(device.addresses),
        "model": device.model,
        "agent_uuid": _optional(device.agent_uuid),
        "enrolled_uuid": _optional(device.enrolled_uuid),
        "connections": _json(device.connections),
        "host_key": device.host_key.fingerprint if device.host_key else "",
        "is_active": int(device.is_active),
        "operation_id": _optional(device.operation_id),
        "firmware_id": _optional(device.firmware_id),
        "image_id": _optional(device.image_id),
        "installed": int(device.installed),
        "running_image_id": _optional(device.running_image_id),
        "board": learned.board if learned else "",
        "release": learned.release if learned else "",
        "revision": learned.revision if learned else "",
        "version": device.version,
    }


def _organization(organization: Organization) -> Row:
    return {"name": organization.name, "slug": organization.slug}


def _category(category: Category) -> Row:
    return {
        "name": category.name,
        "organization_id": _optional(category.organization_id),
    }


def _build(build: Build) -> Row:
    return {"category_id": str(build.category_id), "version": build.software_version}


def _image(image: FirmwareImage) -> Row:
    facts = image.facts
    return {
        "build_id": str(image.build_id),
        "file_name": facts.file_name,
        "type": facts.type,
        "sha256": facts.sha256,
        "size_bytes": facts.size_bytes,
        "boards": _json(facts.boards),
        "release": facts.release,
        "revision": facts.revision,
        "compat_version": facts.compat_version,
    }


def _credentials(credentials: Credentials) -> Row:
    return {
        "name": credentials.name,
        "organization_id": _optional(credentials.organization_id),
        "username": credentials.username,
        "port": credentials.port,
    }


def _user(user: User) -> Row:
    return {
        "person_id": str(user.person_id),
        "token_hash": user.token_hash,
        "is_superuser": int(user.is_superuser),
        "is_staff": int(user.is_staff),
        "is_active": int(user.is_active),
    }


def _optional(value: UUID | None) -> str | None:
    return str(value) if value else None


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


TABLES: Mapping[type[Aggregate], tuple[str, Callable[[Any], Row]]] = {
    UpgradeOperation: ("operation", _operation),
    Device: ("device", _device),
    Organization: ("organization", _organization),
    Category: ("category", _category),
    Build: ("build", _build),
    FirmwareImage: ("image", _image),
    Credentials: ("credentials", _credentials),
    User: ("user", _user),
}


def row_of(aggregate: Aggregate) -> tuple[str, Row] | None:
    """Return the table and the row that show an aggregate, if any does."""
    shown = TABLES.get(type(aggregate))
    if shown is None:
        return None
    table, columns = shown
    return table, {"id": str(aggregate.id), **columns(aggregate)}
