-- Whose each thing is, kept when the thing itself is gone. What has no organization of
-- its own belongs where its parent belongs.
CREATE TABLE IF NOT EXISTS belonging (
  id TEXT PRIMARY KEY,
  organization_id TEXT,
  parent_id TEXT,
  batch_id TEXT
) STRICT, WITHOUT ROWID;
