"""The rules of upgrading a router: aggregates, events, decisions. No clock, no I/O."""
