"""The story of one try to bring one device to one image."""
