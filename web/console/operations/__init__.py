"""Upgrade operations: all of them, and each with its whole story."""

from web.console.operations import deciding, listing, page, recordings
from web.console.operations.section import blueprint

__all__ = ["blueprint", "deciding", "listing", "page", "recordings"]
