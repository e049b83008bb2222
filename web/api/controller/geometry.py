"""Places on the map, in GeoJSON."""

from collections.abc import Mapping
from typing import Any

from web.api.fields import Object

# How deep the positions of each kind are nested; see RFC 7946, section 3.1.
_DEPTHS: Mapping[str, int] = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_COLLECTION = "GeometryCollection"
_NUMBERS_MIN, _NUMBERS_MAX = 2, 3


class Geometry(Object):
    """A geometry in GeoJSON, or null."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own form
        "geometry": "Invalid format: string or unicode input unrecognized as GeoJSON."
    }

    def __init__(self, **others: Any) -> None:
        super().__init__(allow_none=True, **others)

    def _deserialize(
        self, value: Any, attr: Any, data: Any, **others: Any
    ) -> dict[Any, Any]:
        found = super()._deserialize(value, attr, data, **others)
        if not is_geometry(found):
            raise self.make_error("geometry")
        return found


def is_geometry(value: Any, *, depth: int = 0) -> bool:
    """Whether it is a geometry that a map can show."""
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    if kind == _COLLECTION:
        parts = value.get("geometries")
        # A collection of collections is not worth a stack that grows with the input.
        return (
            isinstance(parts, list)
            and depth == 0
            and all(is_geometry(part, depth=1) for part in parts)
        )
    if not isinstance(kind, str) or kind not in _DEPTHS:
        return False
    return _is_nested(value.get("coordinates"), _DEPTHS[kind])


def _is_nested(value: Any, depth: int) -> bool:
    if not isinstance(value, list):
        return False
    if depth == 0:
        return _NUMBERS_MIN <= len(value) <= _NUMBERS_MAX and all(
            isinstance(each, int | float) and not isinstance(each, bool)
            for each in value
        )
    return bool(value) and all(_is_nested(each, depth - 1) for each in value)
