"""Rows of categories, builds and images."""

from application.projections.rows.shown import (
    Showing,
    Shown,
    as_json,
    found_by,
    optional,
)
from domain.catalogue import Build, Category, FirmwareImage


def _category(category: Category) -> Shown:
    if category.is_deleted:
        return Shown(table="category", row=None)
    row = {
        "name": found_by(category.name),
        "description": category.description,
        "organization_id": optional(category.organization_id),
    }
    return Shown(table="category", row=row)


def _build(build: Build) -> Shown:
    if build.is_deleted:
        return Shown(table="build", row=None)
    row = {
        "category_id": str(build.category_id),
        "version": found_by(build.software_version),
        "os": found_by(build.os) if build.os else build.os,
        "changelog": build.changelog,
        "health_checks": as_json(build.health_checks),
    }
    return Shown(table="build", row=row)


def _image(image: FirmwareImage) -> Shown:
    if image.is_deleted:
        return Shown(table="image", row=None, children={"image_board": ()})
    facts = image.facts
    row = {
        "build_id": str(image.build_id),
        "file_name": facts.file_name,
        "type": facts.type,
        "label": facts.label,
        "sha256": facts.sha256,
        "size_bytes": facts.size_bytes,
        "boards": as_json(facts.boards),
        "models": as_json(facts.models),
        "release": facts.release,
        "revision": facts.revision,
        "target": facts.target,
        "compat_version": facts.compat_version,
    }
    names = dict.fromkeys((*facts.boards, *facts.models))
    boards = [
        {"place": place, "board": found_by(name)} for place, name in enumerate(names)
    ]
    return Shown(table="image", row=row, children={"image_board": boards})


SHOWN: Showing = {Category: _category, Build: _build, FirmwareImage: _image}
