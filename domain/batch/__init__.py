"""A mass upgrade: one build for many devices."""
