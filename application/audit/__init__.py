"""Proof that the log is as it was: its tree, checkpoints, witnesses, verification."""
