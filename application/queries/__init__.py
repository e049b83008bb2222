"""Questions that several clients ask of the read models."""
