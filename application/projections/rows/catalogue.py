"""Rows of categories, builds and images."""

from application.projections.rows.shown import Showing, Shown, as_json, optional
from domain.catalogue import Build, Category, FirmwareImage


def _category(category: Category) -> Shown:
    row = {
        "name": category.name,
        "organization_id": optional(category.organization_id),
    }
    return Shown(table="category", row=row)


def _build(build: Build) -> Shown:
    row = {"category_id": str(build.category_id), "version": build.software_version}
    return Shown(table="build", row=row)


def _image(image: FirmwareImage) -> Shown:
    facts = image.facts
    row = {
        "build_id": str(image.build_id),
        "file_name": facts.file_name,
        "type": facts.type,
        "sha256": facts.sha256,
        "size_bytes": facts.size_bytes,
        "boards": as_json(facts.boards),
        "release": facts.release,
        "revision": facts.revision,
        "compat_version": facts.compat_version,
    }
    return Shown(table="image", row=row)


SHOWN: Showing = {Category: _category, Build: _build, FirmwareImage: _image}
