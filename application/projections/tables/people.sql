CREATE TABLE IF NOT EXISTS organization (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  is_active INTEGER NOT NULL DEFAULT 1,
  description TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL DEFAULT '',
  owner_id TEXT,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS organization_slug ON organization (slug);
CREATE INDEX IF NOT EXISTS organization_created ON organization (position);

-- Users; their names are in the vault.
CREATE TABLE IF NOT EXISTS account (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL,
  password_id TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  is_superuser INTEGER NOT NULL,
  is_staff INTEGER NOT NULL,
  is_active INTEGER NOT NULL,
  group_numbers TEXT NOT NULL DEFAULT '[]',
  permissions TEXT NOT NULL DEFAULT '[]',
  expires_on TEXT,
  last_login TEXT,
  ended_sessions TEXT NOT NULL DEFAULT '[]',
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS account_token ON account (token_hash);
CREATE INDEX IF NOT EXISTS account_created ON account (position);

-- In which organizations a user is (parent_id), and whether as a manager; `place` is its
-- place among those of the user.
CREATE TABLE IF NOT EXISTS membership (
  id TEXT NOT NULL,
  parent_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  organization_id TEXT NOT NULL,
  is_admin INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS membership_user ON membership (parent_id);
CREATE INDEX IF NOT EXISTS membership_organization
  ON membership (organization_id, parent_id);

-- Groups that were made here; those that are always there need no row.
CREATE TABLE IF NOT EXISTS user_group (
  id TEXT PRIMARY KEY,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  permissions TEXT NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS user_group_number ON user_group (number);
