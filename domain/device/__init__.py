"""A router in the inventory."""
