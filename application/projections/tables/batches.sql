-- `organization_id` is that of the category; `in_progress` to `cancelled` count its
-- operations by status, `target_count` is how many there will be.
CREATE TABLE IF NOT EXISTS batch (
  id TEXT PRIMARY KEY,
  build_id TEXT NOT NULL,
  category_id TEXT NOT NULL,
  organization_id TEXT,
  status TEXT NOT NULL DEFAULT 'idle',
  group_id TEXT,
  location_id TEXT,
  options TEXT NOT NULL,
  upgrade_all INTEGER NOT NULL,
  uploads_max INTEGER NOT NULL,
  uploads_per_location_max INTEGER NOT NULL,
  reboots_max INTEGER NOT NULL,
  failures_max INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  expendable_packages TEXT NOT NULL,
  held TEXT NOT NULL,
  is_cancelled INTEGER NOT NULL,
  is_filled INTEGER NOT NULL,
  target_count INTEGER NOT NULL,
  in_progress INTEGER NOT NULL DEFAULT 0,
  success INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  aborted INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS batch_created ON batch (position);
CREATE INDEX IF NOT EXISTS batch_organization ON batch (organization_id, position);
CREATE INDEX IF NOT EXISTS batch_build ON batch (build_id, position);
CREATE INDEX IF NOT EXISTS batch_status ON batch (status, position);
CREATE INDEX IF NOT EXISTS batch_unfilled ON batch (id)
  WHERE is_filled = 0 AND is_cancelled = 0;
