"""Import a release directory: its images, and what is said of them, into one build."""

import hashlib
from collections.abc import Callable, Iterator
from uuid import UUID

import msgspec

from application.adapters.image_store import chunks_of
from application.adapters.signatures import Verdict
from application.commands import categories
from application.commands.builds import (
    attach_manifest,
    create_build,
    demand_health,
    version_key,
)
from application.commands.claims import Claims
from application.commands.images import upload_image
from application.commands.taking_in import Submitted
from application.errors import InvalidError
from application.flashlog import Flashlog
from application.releases.directory import Candidate, Release
from domain.catalogue import ManifestAttached

# Called with how many images are done, how many there are, and what is being done.
Progress = Callable[[int, int, str], None]


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """The build that a release goes into; it is made where there is none.

    Health checks take the place of those that the build has, unless there are none.
    """

    category: str
    organization_id: UUID | None
    version: str = ""
    health_checks: tuple[str, ...] = ()


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is no image of the build, and why."""

    file_name: str
    reason: str


class Imported(msgspec.Struct, kw_only=True):
    """What came of it. `absent` are wanted files that are named and are not here."""

    build_id: UUID
    version: str
    target: str
    signature: Verdict
    added: list[str] = []
    known: list[str] = []
    refused: list[Refused] = []
    absent: list[str] = []
    packages: int = 0


def import_release(
    flashlog: Flashlog,
    release: Release,
    where: Where,
    *,
    signature: Verdict,
    wants: Callable[[Candidate], bool] = lambda _: True,
    on_progress: Progress = lambda *_: None,
    by: UUID | None = None,
) -> Imported:
    """Compare every file with its checksum, then add those that are not there yet.

    Safe to repeat, also after a crash: what is there already is left as it is. Raises
    InvalidError on `directory` before anything is added.
    """
    asked_for = [each for each in release.candidates() if wants(each)]
    wanted = [each for each in asked_for if each.is_here]
    manifest = release.manifest()
    for place, each in enumerate(wanted):
        on_progress(place, 2 * len(wanted), f"comparing {each.path.name}")
        release.require_sound(each.path.name)
    build_id, version = _build(flashlog, release, where, by)
    report = Imported(
        build_id=build_id,
        version=version,
        target=release.target,
        signature=signature,
        absent=[each.path.name for each in asked_for if not each.is_here],
        packages=len(manifest or {}),
    )
    if manifest:
        said = ManifestAttached(target=release.target, packages=dict(manifest), by=by)
        attach_manifest(flashlog, build_id, said)
    for place, each in enumerate(wanted, len(wanted)):
        on_progress(place, 2 * len(wanted), f"adding {each.path.name}")
        _add(flashlog, report, each, by)
    on_progress(2 * len(wanted), 2 * len(wanted), "done")
    return report


def _add(
    flashlog: Flashlog, report: Imported, each: Candidate, by: UUID | None
) -> None:
    name = each.path.name
    same = {"build_id": str(report.build_id), "sha256": each.sha256}
    if flashlog.views.all("image", same):
        report.known.append(name)
        return
    submitted = Submitted(
        file_name=name,
        boards=each.profile.supported_devices,
        models=tuple(filter(None, map(str, each.profile.titles))),
        profile=each.profile_name,
        device_packages=each.profile.device_packages,
    )
    try:
        with each.path.open("rb") as file:
            chunks = _compared(chunks_of(file), each)
            upload_image(flashlog, report.build_id, submitted, chunks, by=by)
    except InvalidError as error:
        report.refused.append(Refused(file_name=name, reason=str(error)))
    else:
        report.added.append(name)


def _compared(chunks: Iterator[bytes], each: Candidate) -> Iterator[bytes]:
    """Give the chunks on, and refuse a file that was changed since it was compared."""
    hashed = hashlib.sha256()
    for chunk in chunks:
        hashed.update(chunk)
        yield chunk
    if hashed.hexdigest() != each.sha256:
        raise InvalidError.of("file", "It was changed while it was read: import again.")


def _build(
    flashlog: Flashlog, release: Release, where: Where, by: UUID | None
) -> tuple[UUID, str]:
    """Find category and build by name, or make them."""
    version = where.version or release.version
    known = Claims(flashlog)
    name = categories.name_key(where.organization_id, where.category)
    category_id = known.owner(name) or categories.create_category(
        flashlog, name=where.category, organization_id=where.organization_id, by=by
    )
    build_id = known.owner(version_key(category_id, version))
    if build_id is None:
        build_id = create_build(
            flashlog,
            category_id=category_id,
            version=version,
            health_checks=where.health_checks,
            by=by,
        )
    elif where.health_checks:
        demand_health(flashlog, build_id, where.health_checks, by=by)
    return build_id, version
