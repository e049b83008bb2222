-- Read models: every row is what an aggregate's events have made of it.
CREATE TABLE IF NOT EXISTS progress (
  name TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT;
