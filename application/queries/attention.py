"""What needs a person, and what runs: the lists that an overview begins with.

An operation is of interest as long as it is the newest of its device: what a later
upgrade has put right needs nobody any more.
"""

import msgspec

from application.access import Account, Condition
from application.queries.lists import Order, Query

# In the words of the index `operation_troubled`, or it would not be used.
_TROUBLED = Condition(
    "(operation.status = 'failed' OR operation.given_up <> '' OR operation.held <> ''"
    " OR (operation.owed <> '' AND operation.status <> 'in-progress'))"
)
_IN_PROGRESS = Condition("operation.status = 'in-progress'")
_HELD = Condition("batch.held <> '' AND batch.status IN ('idle', 'in-progress')")

# No way of logging in that is enabled works, and at least one was tried.
UNREACHABLE = Condition(
    "device.is_active = 1 AND device.id IN"
    " (SELECT parent_id FROM connection WHERE is_working = 0 AND enabled = 1)"
    " AND NOT EXISTS (SELECT 1 FROM connection AS other"
    " WHERE other.parent_id = device.id AND other.enabled = 1 AND other.is_working = 1)"
)

_NEWEST = (
    "operation JOIN device"
    " ON device.id = operation.device_id AND device.operation_id = operation.id"
    " LEFT JOIN image ON image.id = operation.image_id"
    " LEFT JOIN build ON build.id = image.build_id"
)
_IN_WORDS = (
    "operation.*, device.name AS device_name, image.file_name AS file_name,"
    " build.version AS version"
)


def in_trouble(account: Account) -> Query:
    """Return what failed, was given up, is held, or owes a router something."""
    return _newest(account, _TROUBLED)


def in_progress(account: Account) -> Query:
    """Return the operations that are running, the furthest first."""
    furthest = Order(("operation.progress", "operation.position"))
    return msgspec.structs.replace(_newest(account, _IN_PROGRESS), orders=(furthest,))


def unreachable(account: Account) -> Query:
    """Return the active devices that nobody could log in to."""
    return Query(
        source="device",
        columns="device.*, (SELECT max(last_attempt) FROM connection"
        " WHERE parent_id = device.id) AS last_attempt",
        conditions=(account.seen("device.organization_id", shared=False), UNREACHABLE),
        orders=(Order(("device.position",)),),
    )


def held_batches(account: Account, batches: Query) -> Query:
    """Return those batches that wait for a person to resume them."""
    seen = account.seen("batch.organization_id")
    return Query(
        source=batches.source,
        columns=batches.columns,
        conditions=(seen, _HELD),
        orders=batches.orders,
    )


def _newest(account: Account, condition: Condition) -> Query:
    seen = account.seen("operation.organization_id", shared=False)
    return Query(
        source=_NEWEST,
        columns=_IN_WORDS,
        conditions=(condition, seen),
        orders=(Order(("operation.position",)),),
    )
