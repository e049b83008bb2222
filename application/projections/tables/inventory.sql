CREATE TABLE IF NOT EXISTS device (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  group_id TEXT,
  location_id TEXT,
  mac_address TEXT NOT NULL,
  key_id TEXT,
  management_ip TEXT,
  last_ip TEXT,
  addresses TEXT NOT NULL,
  model TEXT NOT NULL,
  os TEXT NOT NULL DEFAULT '',
  system TEXT NOT NULL DEFAULT '',
  notes TEXT NOT NULL DEFAULT '',
  agent_uuid TEXT,
  enrolled_uuid TEXT,
  connections TEXT NOT NULL,
  jumps TEXT NOT NULL,
  host_key TEXT NOT NULL,
  is_active INTEGER NOT NULL,
  operation_id TEXT,
  firmware_id TEXT,
  image_id TEXT,
  installed INTEGER NOT NULL,
  running_image_id TEXT,
  board TEXT NOT NULL,
  learned_model TEXT NOT NULL DEFAULT '',
  release TEXT NOT NULL,
  revision TEXT NOT NULL,
  packages TEXT NOT NULL DEFAULT '[]',
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS device_name ON device (lower(name));
CREATE INDEX IF NOT EXISTS device_mac ON device (mac_address);
CREATE INDEX IF NOT EXISTS device_created ON device (position);
CREATE INDEX IF NOT EXISTS device_organization ON device (organization_id, position);
CREATE INDEX IF NOT EXISTS device_of_group ON device (group_id);
CREATE INDEX IF NOT EXISTS device_of_location ON device (location_id);
-- What a device is matched to images by: few combinations, many devices.
CREATE INDEX IF NOT EXISTS device_boards
  ON device (model, learned_model, board, organization_id);
CREATE INDEX IF NOT EXISTS device_image ON device (image_id);
CREATE INDEX IF NOT EXISTS device_firmware ON device (firmware_id);
-- Covers the question how many run what.
CREATE INDEX IF NOT EXISTS device_running
  ON device (running_image_id, release, revision, organization_id);

-- Which organization a device belongs or, when it was deleted, belonged to. `position`
-- is that of its first event.
CREATE TABLE IF NOT EXISTS device_owner (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL,
  name TEXT NOT NULL,
  position INTEGER NOT NULL
) STRICT;

-- How a device is logged in to; `place` is its place in the device's order.
-- `is_working` and `last_attempt` are null while it was never tried.
CREATE TABLE IF NOT EXISTS connection (
  id TEXT NOT NULL,
  parent_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  credentials_id TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  update_strategy TEXT NOT NULL,
  is_working INTEGER,
  failure_reason TEXT NOT NULL,
  last_attempt TEXT,
  created TEXT,
  modified TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS connection_id ON connection (id);
CREATE INDEX IF NOT EXISTS connection_device ON connection (parent_id);
CREATE INDEX IF NOT EXISTS connection_failing ON connection (parent_id)
  WHERE is_working = 0;
CREATE INDEX IF NOT EXISTS connection_credentials ON connection (credentials_id);

CREATE TABLE IF NOT EXISTS credentials (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  organization_id TEXT,
  username TEXT NOT NULL,
  port INTEGER NOT NULL,
  secret_id TEXT NOT NULL,
  secret_kind TEXT NOT NULL,
  auto_add INTEGER NOT NULL,
  connector TEXT NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS credentials_organization
  ON credentials (organization_id, position);

CREATE TABLE IF NOT EXISTS device_group (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  description TEXT NOT NULL,
  templates TEXT NOT NULL,
  context TEXT NOT NULL,
  meta_data TEXT NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS device_group_organization
  ON device_group (organization_id, position);

-- `geometry` is GeoJSON, if there is any.
CREATE TABLE IF NOT EXISTS location (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  type TEXT NOT NULL,
  is_mobile INTEGER NOT NULL,
  address TEXT NOT NULL,
  geometry TEXT,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS location_organization
  ON location (organization_id, position);
