-- Turns to upload ('upload') and then to flash ('reboot'); not made from the log, so
-- this table alone is kept when the others are made again.
CREATE TABLE IF NOT EXISTS turn (
  operation_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  location_id TEXT,
  batch_id TEXT
) STRICT;
