"""Which images are for which devices: one decision, for one device or ten thousand.

`domain.compatibility.fits` decides. A fleet has many devices but few kinds of them, so
it is asked once for each kind, and only of images that bear one of its names.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from application.access import Condition
from application.flashlog import Flashlog
from application.image_types import image_types
from application.projections.views import Row, Views
from domain.compatibility import Known, Names, fits
from domain.device.device import Device


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An image, and what it is for."""

    image_id: UUID
    type: str
    names: Names


class Fitting:
    """Which of some images are for which devices."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._by_name: dict[str, list[Candidate]] = {}
        self._known: dict[Known, tuple[Candidate, ...]] = {}
        for each in candidates:
            for name in {*each.names.boards, *each.names.models}:
                self._by_name.setdefault(name, []).append(each)

    def of(self, device: Known) -> tuple[Candidate, ...]:
        """Return the images that are for a device, the likeliest first."""
        if device not in self._known:
            self._known[device] = self._decide(device)
        return self._known[device]

    def of_row(self, row: Row) -> tuple[Candidate, ...]:
        """Return the images for a row of the table of devices."""
        return self.of(known(row))

    def condition(self, views: Views) -> Condition:
        """Return what rows of `device` are like that one of the images is for."""
        kinds = views.rows("SELECT DISTINCT model, learned_model, board FROM device")
        fitting = [list(kind.values()) for kind in kinds if self.of_row(kind)]
        return Condition(
            "(device.model, device.learned_model, device.board) IN ("
            "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
            " json_extract(value, '$[2]') FROM json_each(?))",
            (msgspec.json.encode(fitting).decode(),),
        )

    def _decide(self, device: Known) -> tuple[Candidate, ...]:
        near = {
            each.image_id: each
            for name in sorted(device.names)
            for each in self._by_name.get(name, ())
        }
        fitting = [each for each in near.values() if fits(each.names, device)]
        # An image that names the very board of the router is a better guess than one
        # that only somebody's word for the model leads to.
        return tuple(
            sorted(
                fitting,
                key=lambda each: (device.board not in each.names.boards, each.type),
            )
        )


def known(row: Row) -> Known:
    """Return what a row of the table of devices says of its kind."""
    return Known(
        model=row["model"], learned_model=row["learned_model"], board=row["board"]
    )


def known_of(device: Device) -> Known:
    """Return what is known of the kind of a device."""
    learned = device.learned
    return Known(
        model=device.model,
        learned_model=learned.model if learned else "",
        board=learned.board if learned else "",
    )


def is_known_kind(flashlog: Flashlog, device: Known) -> bool:
    """Whether any image, or the table of types, bears the name of this kind.

    Where the router itself has said its board, only that counts.
    """
    names = {device.board} if device.board else device.names
    rows = flashlog.views.rows(
        "SELECT 1 FROM image_board WHERE board IN (SELECT value FROM json_each(?))"
        " LIMIT 1",
        [msgspec.json.encode(sorted(names)).decode()],
    )
    types = image_types(flashlog.settings.image_types_file)
    return bool(rows) or any(
        not names.isdisjoint(each.models) for each in types.values()
    )


def images_of_build(views: Views, build_id: UUID) -> list[Candidate]:
    rows = views.rows(
        "SELECT id, type, boards, models FROM image WHERE build_id = ?"
        " ORDER BY position",
        [str(build_id)],
    )
    return candidates(rows)


def images_for(views: Views, device: Known) -> tuple[Candidate, ...]:
    """Return every image that is for a device, of whichever build."""
    rows = views.rows(
        "SELECT id, type, boards, models FROM image WHERE id IN ("
        " SELECT parent_id FROM image_board"
        " WHERE board IN (SELECT value FROM json_each(?)))",
        [msgspec.json.encode(sorted(device.names)).decode()],
    )
    return Fitting(candidates(rows)).of(device)


def candidates(rows: Sequence[Row]) -> list[Candidate]:
    """Read rows of the table of images."""
    return [
        Candidate(
            image_id=UUID(row["id"]),
            type=row["type"],
            names=Names(
                boards=msgspec.json.decode(row["boards"], type=tuple[str, ...]),
                models=msgspec.json.decode(row["models"], type=tuple[str, ...]),
            ),
        )
        for row in rows
    ]
