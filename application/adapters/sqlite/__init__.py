"""The embedded default: log and read models in SQLite files made at first start."""
