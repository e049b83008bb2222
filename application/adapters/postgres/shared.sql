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

-- Who has asked for something that is limited; of a moment as well.
CREATE UNLOGGED TABLE IF NOT EXISTS asked (
  number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  who TEXT NOT NULL,
  until DOUBLE PRECISION NOT NULL  -- when it does not count any more, as above
);
CREATE INDEX IF NOT EXISTS asked_who ON asked (who, until);
CREATE INDEX IF NOT EXISTS asked_until ON asked (until);
