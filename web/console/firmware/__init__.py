"""Firmware: kinds of it, their versions, and the files of those.

`categories`  the catalogue at a glance; a category: look, add, change, delete
`builds`      a build: look, add, change, delete
`uploading`   how files come into a build
`images`      one file: what it says of itself, which devices it is for
"""

from web.console.firmware import builds, categories, images, uploading
from web.console.firmware.section import blueprint

__all__ = ["blueprint", "builds", "categories", "images", "uploading"]
