"""Image types: by which name an image of one build is that of the next one too.

`types`   those that are known by name, of this software and of the site
`naming`  which one a file is, by its name and its metadata
"""

from application.image_types.naming import clean_file_name, own_type
from application.image_types.types import (
    ImageType,
    ImageTypes,
    ImageTypesError,
    image_types,
)

__all__ = [
    "ImageType",
    "ImageTypes",
    "ImageTypesError",
    "clean_file_name",
    "image_types",
    "own_type",
]
