-- The log. It only grows at its end: positions are 1..n without holes, the versions of
-- each story too, and time never goes back. No statement can change, remove or replace
-- what is there. REPLACE walks past UPDATE and DELETE triggers, so the INSERT trigger
-- refuses what REPLACE would overwrite.
CREATE TABLE IF NOT EXISTS event (
  position INTEGER PRIMARY KEY,
  originator_id BLOB NOT NULL,
  originator_version INTEGER NOT NULL,
  topic TEXT NOT NULL,
  state BLOB NOT NULL,
  recorded_at INTEGER NOT NULL  -- microseconds since 1970 in UTC, never goes back
) STRICT;

CREATE UNIQUE INDEX IF NOT EXISTS event_story
  ON event (originator_id, originator_version);

CREATE TRIGGER IF NOT EXISTS event_is_next BEFORE INSERT ON event
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM event)
  OR NEW.originator_version IS NOT (
    SELECT coalesce(max(originator_version), 0) + 1 FROM event
    WHERE originator_id = NEW.originator_id
  )
  OR NEW.recorded_at < (
    SELECT recorded_at FROM event ORDER BY position DESC LIMIT 1
  )
BEGIN
  SELECT RAISE(ABORT, 'the log only grows at its end');
END;

CREATE TRIGGER IF NOT EXISTS event_is_kept BEFORE DELETE ON event
BEGIN
  SELECT RAISE(ABORT, 'the log forgets nothing');
END;

CREATE TRIGGER IF NOT EXISTS event_is_final BEFORE UPDATE ON event
BEGIN
  SELECT RAISE(ABORT, 'the log changes nothing');
END;
