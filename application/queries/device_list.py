"""Devices in words: a page of a list, searched, filtered and ordered."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from application.access import Account, Condition
from application.projections.views import Row, Views
from application.queries.attention import UNREACHABLE
from application.queries.folding import folded
from application.queries.lists import Order, Query

# What people call its kind: what the router said of itself before what they say.
_KIND = (
    "CASE WHEN device.learned_model <> '' THEN device.learned_model"
    " WHEN device.model <> '' THEN device.model ELSE device.board END"
)
# The states that a list may be narrowed to.
STATES: Mapping[str, Condition] = {
    "active": Condition("device.is_active = 1"),
    "deactivated": Condition("device.is_active = 0"),
    "unreachable": UNREACHABLE,
    "upgrading": Condition("last.status = 'in-progress'"),
    "failed": Condition("last.status = 'failed'"),
    "owes": Condition("last.owed <> '' AND last.status <> 'in-progress'"),
}
ORDERS: Mapping[str, Order] = {
    "name": Order(("lower(device.name)",), descending=False),
    "newest": Order(("device.position",)),
    "model": Order((f"lower({_KIND})", "device.name"), descending=False),
    "release": Order(("device.release", "device.name"), descending=False),
}
_SOURCE = (
    "device LEFT JOIN operation AS last ON last.id = device.operation_id"
    " LEFT JOIN device_group ON device_group.id = device.group_id"
    " LEFT JOIN location ON location.id = device.location_id"
    " LEFT JOIN organization ON organization.id = device.organization_id"
    " LEFT JOIN image ON image.id = device.running_image_id"
    " LEFT JOIN build ON build.id = image.build_id"
)
_COLUMNS = (
    f"device.*, {_KIND} AS kind,"
    " json_extract(device.addresses, '$[0]') AS address,"
    " device_group.name AS group_name,"
    " location.name AS location_name, organization.name AS organization_name,"
    " build.id AS running_build_id, build.version AS running_version,"
    " last.status AS last_status, last.phase AS last_phase,"
    " last.progress AS last_progress, last.owed AS last_owed,"
    " last.held AS last_held, last.cancellable AS last_cancellable,"
    f" ({UNREACHABLE.text}) AS is_unreachable"
)
# More kinds and releases than a person looks through.
_CHOICES_MAX = 500


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which devices are asked for; blank or None is "any".

    `text` is a part of the name, of a MAC address or of an address. `key_of` is the
    device that has the text as its key, if one has. `state` is one of STATES. `among`
    are those that are asked for at all.
    """

    text: str = ""
    key_of: UUID | None = None
    group_id: UUID | None = None
    location_id: UUID | None = None
    organization_id: UUID | None = None
    model: str = ""
    release: str = ""
    state: str = ""
    among: Sequence[UUID] | None = None


def devices_in_words(account: Account, asked: Asked, *, order: str = "name") -> Query:
    """Return the devices that an account sees and asks for."""
    return Query(
        source=_SOURCE,
        columns=_COLUMNS,
        conditions=_conditions(account, asked),
        # Pages neither repeat nor miss one of several with the same name.
        orders=(ORDERS[order], Order(("device.position",))),
    )


def device_in_words(views: Views, device_id: UUID) -> Row | None:
    """Return one device, whoever sees it."""
    own = Condition("device.id = ?", (str(device_id),))
    query = Query(
        source=_SOURCE,
        columns=_COLUMNS,
        conditions=(own,),
        orders=(Order(("device.position",)),),
    )
    rows = query.page(views, limit=1, offset=0)
    return rows[0] if rows else None


def ids_of(views: Views, query: Query) -> list[UUID]:
    """Return the ids of all devices of a query, in its order."""
    rows = msgspec.structs.replace(query, columns=f"device.id, {_KIND} AS kind")
    return [UUID(row["id"]) for row in rows.all(views)]


def kinds(views: Views, account: Account) -> list[str]:
    """Return what the devices of an account are called, by name."""
    return _distinct(views, account, _KIND)


def releases(views: Views, account: Account) -> list[str]:
    """Return what the devices of an account run, by name."""
    return _distinct(views, account, "device.release")


def _distinct(views: Views, account: Account, column: str) -> list[str]:
    seen = account.seen("device.organization_id", shared=False)
    rows = views.rows(
        f"SELECT DISTINCT {column} AS found FROM device"  # noqa: S608
        f" WHERE {seen.text} AND {column} <> '' ORDER BY {column} LIMIT {_CHOICES_MAX}",
        seen.values,
    )
    return [row["found"] for row in rows]


def _conditions(account: Account, asked: Asked) -> tuple[Condition, ...]:
    equal = {
        "device.group_id": asked.group_id,
        "device.location_id": asked.location_id,
        "device.organization_id": asked.organization_id,
        "device.release": asked.release,
    }
    found = [
        Condition(f"{column} = ?", (str(value),))
        for column, value in equal.items()
        if value
    ]
    if not account.is_superuser:
        found.append(account.seen("device.organization_id", shared=False))
    if asked.among is not None:
        ids = msgspec.json.encode(asked.among).decode()
        found.append(Condition("device.id IN (SELECT value FROM json_each(?))", (ids,)))
    if asked.model:
        names = "? IN (device.model, device.learned_model, device.board)"
        found.append(Condition(names, (asked.model,)))
    if asked.state:
        found.append(STATES[asked.state])
    if asked.text:
        found.append(_contains(asked.text, asked.key_of))
    return tuple(found)


def _contains(text: str, key_of: UUID | None) -> Condition:
    lowered = folded(text)
    return Condition(
        "(instr(lower(device.name), ?) > 0 OR instr(device.mac_address, ?) > 0"
        " OR instr(lower(device.addresses), ?) > 0 OR instr(device.last_ip, ?) > 0"
        " OR device.id = ?)",
        (
            lowered,
            lowered.replace("-", ":"),
            lowered,
            lowered,
            str(key_of or lowered),
        ),
    )
