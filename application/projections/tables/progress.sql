-- Read models: every row is what an aggregate's events have made of it, up to the
-- position in the log.
CREATE TABLE IF NOT EXISTS progress (
  name TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT;
INSERT INTO progress (name, position) VALUES ('views', 0) ON CONFLICT DO NOTHING;
