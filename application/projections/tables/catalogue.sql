-- Without an organization a category, with all of its builds, is shared.
CREATE TABLE IF NOT EXISTS category (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  organization_id TEXT,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS build (
  id TEXT PRIMARY KEY,
  category_id TEXT NOT NULL,
  version TEXT NOT NULL,
  os TEXT,
  changelog TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS build_category ON build (category_id, position);

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
CREATE INDEX IF NOT EXISTS image_build ON image (build_id, position);
