-- What processes share beside log, read models, tree and vault.
CREATE TABLE IF NOT EXISTS kept (
  name TEXT PRIMARY KEY,
  content BYTEA NOT NULL
);

-- Who is present; of a moment, so it may be lost with the server.
CREATE UNLOGGED TABLE IF NOT EXISTS present (
  number BIGINT PRIMARY KEY,
  role TEXT NOT NULL,
  beat_at DOUBLE PRECISION NOT NULL  -- seconds since 1970 by the server's clock
);
