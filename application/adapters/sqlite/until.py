"""The log as it was when it ended at a position."""

from application.adapters.log.until import LogUntil

__all__ = ["LogUntil"]
