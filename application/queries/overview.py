"""Operations with the names of what they are about, as people read them."""

import json
from typing import Any
from uuid import UUID

from application.errors import NotFoundError
from application.flashlog import Flashlog
from application.queries.lists import NO_LIMIT


def operations_by_name(
    flashlog: Flashlog,
    *,
    device_id: UUID | None = None,
    operation_id: UUID | None = None,
    status: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Operations with the names of device, image and build, newest first."""
    rows = flashlog.views.rows(
        "SELECT operation.*, device.name AS device, image.file_name AS image,"
        " build.version AS version"
        " FROM operation LEFT JOIN device ON device.id = operation.device_id"
        " LEFT JOIN image ON image.id = operation.image_id"
        " LEFT JOIN build ON build.id = image.build_id"
        " WHERE (CAST(?1 AS TEXT) IS NULL OR operation.device_id = ?1)"
        " AND (CAST(?2 AS TEXT) IS NULL OR operation.status = ?2)"
        " AND (CAST(?3 AS TEXT) IS NULL OR operation.id = ?3)"
        " ORDER BY operation.position DESC LIMIT ?4",
        [
            _text(device_id),
            status,
            _text(operation_id),
            NO_LIMIT if limit is None else limit,
        ],
    )
    for row in rows:
        row["options"] = json.loads(row["options"])
        row["cancellable"] = bool(row["cancellable"])
    return rows


def operation_by_name(flashlog: Flashlog, operation_id: UUID) -> dict[str, Any]:
    """One operation with its names. Raises NotFoundError."""
    rows = operations_by_name(flashlog, operation_id=operation_id)
    if not rows:
        msg = f"the operation {operation_id} is not shown yet: try again"
        raise NotFoundError(msg)
    return rows[0]


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
