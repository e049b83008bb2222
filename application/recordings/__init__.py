"""The flight recorder: what was said to a router, and what it answered."""
