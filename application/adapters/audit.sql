-- What is known of the log's tree. Everything but the checkpoints and what witnesses
-- said of them can be made again from the log.
CREATE TABLE IF NOT EXISTS tile (
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes BLOB NOT NULL,  -- up to 256, one after the other
  PRIMARY KEY (level, number)
) STRICT;

CREATE TABLE IF NOT EXISTS checkpoint (
  size INTEGER PRIMARY KEY,
  note TEXT NOT NULL,
  vkey TEXT NOT NULL  -- whose signature it has
) STRICT;

CREATE TABLE IF NOT EXISTS witness (
  name TEXT PRIMARY KEY,
  size INTEGER NOT NULL  -- of the newest checkpoint that it knows
) STRICT;
