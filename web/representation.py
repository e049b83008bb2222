"""How an operation looks in JSON, the same over REST and WebSocket."""

from collections.abc import Sequence
from typing import Any

import msgspec

from application.projections.views import Row


def operation_object(row: Row, lines: Sequence[str]) -> dict[str, Any]:
    """Show an operation; the keys after `created` are Flashlog's own."""
    return {
        "id": row["id"],
        "device": row["device_id"],
        "image": row["image_id"],
        "status": row["status"],
        "log": "\n".join(lines),
        "progress": row["progress"],
        "modified": timestamp(row["modified"]),
        "created": timestamp(row["created"]),
        "phase": row["phase"],
        "attempt": row["attempt"],
        "batch": row["batch_id"],
        "retry_of": row["retry_of"],
        "owed": [word for word in row["owed"].split(",") if word],
        "upgrade_options": msgspec.json.decode(row["options"]),
        "cancellable": bool(row["cancellable"]),
    }


def timestamp(moment: str) -> str:
    """Write a moment of the read models as RFC 3339, without a fraction of nought."""
    return moment.replace(".000000Z", "Z")
