"""The upgrade of one router, visit by visit."""
