-- `organization_id` is that of the device, kept up with it. `number` counts operations
-- from 1 in the order in which they were started, without holes.
CREATE TABLE IF NOT EXISTS operation (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  device_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  image_id TEXT,  -- null: it was deleted
  batch_id TEXT,
  retry_of TEXT,
  options TEXT NOT NULL,
  status TEXT NOT NULL,
  phase TEXT NOT NULL,
  progress INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  cancellable INTEGER NOT NULL,
  owed TEXT NOT NULL,
  given_up TEXT NOT NULL,
  held TEXT NOT NULL DEFAULT '',
  next_visit_at TEXT,
  backup_id TEXT,  -- in the vault
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS operation_created ON operation (position);
CREATE INDEX IF NOT EXISTS operation_modified ON operation (modified, position);
CREATE INDEX IF NOT EXISTS operation_device ON operation (device_id, position);
CREATE INDEX IF NOT EXISTS operation_organization
  ON operation (organization_id, position);
CREATE INDEX IF NOT EXISTS operation_status ON operation (status, position);
CREATE INDEX IF NOT EXISTS operation_image ON operation (image_id, position);
CREATE INDEX IF NOT EXISTS operation_batch ON operation (batch_id, status, organization_id);

-- What of the vault is needed.
CREATE INDEX IF NOT EXISTS operation_backup ON operation (backup_id)
  WHERE backup_id IS NOT NULL;

-- What may need a person.
CREATE INDEX IF NOT EXISTS operation_troubled ON operation (position)
  WHERE (status = 'failed' OR given_up <> '' OR held <> ''
    OR (owed <> '' AND status <> 'in-progress'));

-- Flashed, and the outcome is not known yet.
CREATE INDEX IF NOT EXISTS operation_flashing ON operation (batch_id)
  WHERE status = 'in-progress' AND cancellable = 0;

-- Work for runners: claimed with a lease, found again by a rebuild. `stage`: 'urgent'
-- what was flashed or is owed something, 'queued' what has not been flashed, 'parked'
-- what waits for its batch to be resumed.
CREATE TABLE IF NOT EXISTS due (
  operation_id TEXT PRIMARY KEY,
  due_at REAL NOT NULL,
  lease_until REAL NOT NULL DEFAULT 0,
  runner TEXT NOT NULL DEFAULT '',
  claimed_at REAL NOT NULL DEFAULT 0,
  stage TEXT NOT NULL DEFAULT 'urgent',
  batch_id TEXT,
  location_id TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS due_next ON due (stage, due_at);
CREATE INDEX IF NOT EXISTS due_leased ON due (lease_until) WHERE lease_until > 0;
CREATE INDEX IF NOT EXISTS due_batch ON due (batch_id);
