"""Outlines of files that tests hold in memory."""

from application.adapters.image_outline import OutlineBuilder
from domain.trailer import Outline


def outline_of(content: bytes, piece_bytes: int = 1 << 16) -> Outline:
    builder = OutlineBuilder()
    for start in range(0, len(content), piece_bytes):
        builder.add(content[start : start + piece_bytes])
    return builder.finish()
