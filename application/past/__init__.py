"""What there was at a moment, and what changed between two: all of it from the log."""
