"""A service elsewhere, reached by its address and a token."""
