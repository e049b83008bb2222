CREATE TABLE IF NOT EXISTS organization (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  is_active INTEGER NOT NULL DEFAULT 1,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS organization_slug ON organization (slug);

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
