"""The typed face of the scripts that run on a router."""
