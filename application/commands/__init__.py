"""What people ask for: load, ask the aggregate, save."""
