"""What proves that a log only grew: RFC 6962 trees, C2SP tiles, notes, checkpoints."""
