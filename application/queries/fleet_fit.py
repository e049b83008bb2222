"""How a build fits the fleet: who has no image in it, who cannot keep settings."""

from collections import Counter
from collections.abc import Callable
from uuid import UUID

import msgspec

from application.access import ALL, Condition
from application.image_types import ImageTypes
from application.projections.views import Row, Views
from application.queries.matching import Fitting, candidates, known
from application.releases.directory import Candidate
from domain.compatibility import Names, fits

_FIRST_COMPAT_VERSION = "1.0"


class WithoutImage(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of device that no image of the build is for."""

    model: str
    board: str
    devices: int


class CompatBreak(msgspec.Struct, frozen=True, kw_only=True):
    """Devices that run another compat version than their image of the build has.

    What runs is taken from the image that a device was last verified to run, else it
    is `assumed` to be the first.
    """

    model: str
    running: str
    image: str
    assumed: bool
    devices: int


class FleetFit(msgspec.Struct, frozen=True, kw_only=True):
    """How many devices there are, and which of them need a thought."""

    devices: int
    fitting: int
    without_image: tuple[WithoutImage, ...]
    compat_breaks: tuple[CompatBreak, ...]


def fleet_fit(
    views: Views,
    build_id: UUID,
    *,
    organization_id: UUID | None = None,
    seen: Condition = ALL,
) -> FleetFit:
    """Compare a build with the active devices of an organization, or with all.

    `seen` is what those are like that may be counted.
    """
    images = views.rows(
        "SELECT id, type, boards, models, compat_version FROM image"
        " WHERE build_id = ? ORDER BY position",
        [str(build_id)],
    )
    compat = {row["id"]: row["compat_version"] for row in images}
    fitting = Fitting(candidates(images))
    without: Counter[tuple[str, str]] = Counter()
    breaks: Counter[tuple[str, str, str, bool]] = Counter()
    kinds = _kinds(views, organization_id, seen)
    for kind in kinds:
        found = fitting.of_row(kind)
        if not found:
            without[_model(kind), kind["board"]] += kind["devices"]
            continue
        wanted = compat[str(found[0].image_id)]
        running = kind["compat_version"] or _FIRST_COMPAT_VERSION
        if running != wanted:
            is_assumed = kind["compat_version"] is None
            breaks[_model(kind), running, wanted, is_assumed] += kind["devices"]
    total = sum(kind["devices"] for kind in kinds)
    return FleetFit(
        devices=total,
        fitting=total - without.total(),
        without_image=tuple(
            WithoutImage(model=model, board=board, devices=count)
            for (model, board), count in without.most_common()
        ),
        compat_breaks=tuple(
            CompatBreak(
                model=model,
                running=running,
                image=image,
                assumed=assumed,
                devices=count,
            )
            for (model, running, image, assumed), count in breaks.most_common()
        ),
    )


def wanted_by_fleet(
    views: Views, types: ImageTypes, organization_id: UUID | None = None
) -> Callable[[Candidate], bool]:
    """Return what tells whether an image of a release is for any device there is."""
    devices = [known(kind) for kind in _kinds(views, organization_id)]

    def is_wanted(candidate: Candidate) -> bool:
        profile = candidate.profile
        boards = profile.supported_devices
        table = types.of_file(candidate.path.name)
        names = Names(
            # What has no metadata is for those boards that a table knows.
            boards=(*boards, candidate.profile_name.replace("_", ",", 1))
            if boards
            else (table.boards if table else ()),
            models=(*map(str, profile.titles), *(table.models if table else ())),
        )
        return any(fits(names, device) for device in devices)

    return is_wanted


def _kinds(
    views: Views, organization_id: UUID | None, seen: Condition = ALL
) -> list[Row]:
    """Return the kinds of devices that there are, and how many of each."""
    own = (
        Condition("device.organization_id = ?", (str(organization_id),))
        if organization_id
        else ALL
    )
    return views.rows(
        "SELECT device.model, device.learned_model, device.board,"  # noqa: S608
        " image.compat_version AS compat_version, count(*) AS devices"
        " FROM device LEFT JOIN image ON image.id = device.running_image_id"
        f" WHERE device.is_active = 1 AND {own.text} AND {seen.text}"
        " GROUP BY device.model, device.learned_model, device.board,"
        " image.compat_version",
        [*own.values, *seen.values],
    )


def _model(kind: Row) -> str:
    return kind["learned_model"] or kind["model"] or kind["board"] or "unknown"
