"""The outside world: SSH, the event log, the image store, the vault, the clock."""
