"""What firmware there is: categories, their builds, the images of a build."""

from domain.catalogue.build import (
    HEALTH_CHECK_BYTES_MAX,
    Build,
    BuildChanged,
    BuildCreated,
    BuildDeleted,
    ManifestAttached,
)
from domain.catalogue.category import (
    Category,
    CategoryChanged,
    CategoryCreated,
    CategoryDeleted,
)
from domain.catalogue.image import FirmwareImage, ImageAdded, ImageDeleted

__all__ = [
    "HEALTH_CHECK_BYTES_MAX",
    "Build",
    "BuildChanged",
    "BuildCreated",
    "BuildDeleted",
    "Category",
    "CategoryChanged",
    "CategoryCreated",
    "CategoryDeleted",
    "FirmwareImage",
    "ImageAdded",
    "ImageDeleted",
    "ManifestAttached",
]
