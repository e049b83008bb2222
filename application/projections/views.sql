-- Read models: every row is what an aggregate's events have made of it.
CREATE TABLE IF NOT EXISTS progress (
  name TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS operation (
  id TEXT PRIMARY KEY,
  device_id TEXT NOT NULL,
  image_id TEXT NOT NULL,
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
  next_visit_at TEXT,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS operation_created ON operation (position);
CREATE INDEX IF NOT EXISTS operation_modified ON operation (modified);
CREATE INDEX IF NOT EXISTS operation_device ON operation (device_id, position);
CREATE INDEX IF NOT EXISTS operation_status ON operation (status, position);
CREATE INDEX IF NOT EXISTS operation_image ON operation (image_id, position);

-- Work for runners: claimed with a lease, found again by a rebuild.
CREATE TABLE IF NOT EXISTS due (
  operation_id TEXT PRIMARY KEY,
  due_at REAL NOT NULL,
  lease_until REAL NOT NULL DEFAULT 0,
  runner TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS due_next ON due (due_at);

CREATE TABLE IF NOT EXISTS device (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  mac_address TEXT NOT NULL,
  addresses TEXT NOT NULL,
  model TEXT NOT NULL,
  agent_uuid TEXT,
  enrolled_uuid TEXT,
  connections TEXT NOT NULL,
  host_key TEXT NOT NULL,
  is_active INTEGER NOT NULL,
  operation_id TEXT,
  firmware_id TEXT,
  image_id TEXT,
  installed INTEGER NOT NULL,
  running_image_id TEXT,
  board TEXT NOT NULL,
  release TEXT NOT NULL,
  revision TEXT NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS device_name ON device (name COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS device_mac ON device (mac_address);
CREATE INDEX IF NOT EXISTS device_created ON device (position);

CREATE TABLE IF NOT EXISTS organization (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS category (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  organization_id TEXT,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS build (
  id TEXT PRIMARY KEY,
  category_id TEXT NOT NULL,
  version TEXT NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS image (
  id TEXT PRIMARY KEY,
  build_id TEXT NOT NULL,
  file_name TEXT NOT NULL,
  type TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  boards TEXT NOT NULL,
  release TEXT NOT NULL,
  revision TEXT NOT NULL,
  compat_version TEXT NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS image_sha256 ON image (sha256);

CREATE TABLE IF NOT EXISTS credentials (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  organization_id TEXT,
  username TEXT NOT NULL,
  port INTEGER NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;

-- "user" holds no name: names are in the vault.
CREATE TABLE IF NOT EXISTS user (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  is_superuser INTEGER NOT NULL,
  is_staff INTEGER NOT NULL,
  is_active INTEGER NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS user_token ON user (token_hash);
