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
CREATE INDEX IF NOT EXISTS category_name ON category (name, position);
CREATE INDEX IF NOT EXISTS category_organization ON category (organization_id);

CREATE TABLE IF NOT EXISTS build (
  id TEXT PRIMARY KEY,
  category_id TEXT NOT NULL,
  version TEXT NOT NULL,
  os TEXT,
  changelog TEXT NOT NULL DEFAULT '',
  health_checks TEXT NOT NULL DEFAULT '[]',
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS build_created ON build (position, version);
CREATE INDEX IF NOT EXISTS build_version ON build (version, position);
CREATE INDEX IF NOT EXISTS build_category ON build (category_id, position);
CREATE INDEX IF NOT EXISTS build_os ON build (os);

CREATE TABLE IF NOT EXISTS image (
  id TEXT PRIMARY KEY,
  build_id TEXT NOT NULL,
  file_name TEXT NOT NULL,
  type TEXT NOT NULL,
  label TEXT NOT NULL DEFAULT '',
  sha256 TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  boards TEXT NOT NULL,
  models TEXT NOT NULL DEFAULT '[]',
  release TEXT NOT NULL,
  revision TEXT NOT NULL,
  target TEXT NOT NULL DEFAULT '',
  compat_version TEXT NOT NULL,
  position INTEGER NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS image_sha256 ON image (sha256);
CREATE INDEX IF NOT EXISTS image_build ON image (build_id, position);
CREATE INDEX IF NOT EXISTS image_type ON image (type, build_id);

-- Boards and models that an image is for: what a device's board, or its model in the
-- inventory, is compared with. `place` is its place among those of the image.
CREATE TABLE IF NOT EXISTS image_board (
  parent_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  board TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS image_board_image ON image_board (parent_id);
CREATE INDEX IF NOT EXISTS image_board_board ON image_board (board, parent_id);

-- Images that were deleted.
CREATE TABLE IF NOT EXISTS image_gone (
  id TEXT PRIMARY KEY
) STRICT;
