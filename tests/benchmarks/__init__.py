"""Measurements next to what others reach in the same run (`make bench`)."""
