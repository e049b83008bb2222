-- The log. It only grows at its end: positions are 1..n without holes, the versions of
-- each story too, and time never goes back. No statement can change, remove or replace
-- what is there, whoever's session it is (ALWAYS: also one that replays a replica's).
CREATE TABLE IF NOT EXISTS event (
  position bigint PRIMARY KEY,
  originator_id bytea NOT NULL,
  originator_version bigint NOT NULL,
  topic text COLLATE "C" NOT NULL,
  state bytea NOT NULL,
  recorded_at bigint NOT NULL  -- microseconds since 1970 in UTC, never goes back
);

CREATE UNIQUE INDEX IF NOT EXISTS event_story
  ON event (originator_id, originator_version);

-- Events are compressed by nobody: they are small, and read far more often than written.
ALTER TABLE event ALTER COLUMN state SET STORAGE EXTERNAL;

-- Where events were lost that somebody had seen: why nobody appends until a person has
-- held what was in progress.
CREATE TABLE IF NOT EXISTS closed (why text NOT NULL);

CREATE OR REPLACE FUNCTION event_is_next() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last_position bigint;
  last_recorded_at bigint;
  last_version bigint;
BEGIN
  SELECT position, recorded_at INTO last_position, last_recorded_at
    FROM flashlog_log.event ORDER BY position DESC LIMIT 1;
  SELECT originator_version INTO last_version FROM flashlog_log.event
    WHERE originator_id = NEW.originator_id ORDER BY originator_version DESC LIMIT 1;
  IF NEW.position IS DISTINCT FROM coalesce(last_position, 0) + 1
    OR NEW.originator_version IS DISTINCT FROM coalesce(last_version, 0) + 1
    OR NEW.recorded_at < last_recorded_at
  THEN
    RAISE integrity_constraint_violation USING MESSAGE = 'the log only grows at its end';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION event_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE integrity_constraint_violation USING MESSAGE =
    CASE TG_OP WHEN 'UPDATE' THEN 'the log changes nothing'
    ELSE 'the log forgets nothing' END;
END $$;

CREATE OR REPLACE TRIGGER event_is_next BEFORE INSERT ON event
  FOR EACH ROW EXECUTE FUNCTION event_is_next();
CREATE OR REPLACE TRIGGER event_is_final BEFORE UPDATE OR DELETE ON event
  FOR EACH ROW EXECUTE FUNCTION event_is_kept();
CREATE OR REPLACE TRIGGER event_is_kept BEFORE TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION event_is_kept();
ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_next;
ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_final;
ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_kept;

-- One round trip for an append: it waits for its turn, looks whether what must not have
-- changed has not, appends, and tells who listens. Each statement sees what was
-- committed before the turn came.
CREATE OR REPLACE FUNCTION append_events(
  ids bytea[], versions bigint[], topics text[], states bytea[], at bigint,
  expected_ids bytea[], expected_versions bigint[],
  since bigint, since_topics text[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  last_position bigint := 0;
  last_recorded_at bigint := 0;
  found_version bigint;
  found_topic text;
  found_why text;
BEGIN
  PERFORM pg_advisory_xact_lock({lock});
  SELECT why INTO found_why FROM flashlog_log.closed LIMIT 1;
  IF FOUND THEN
    RAISE object_not_in_prerequisite_state USING MESSAGE = found_why;
  END IF;
  FOR i IN 1 .. coalesce(array_length(expected_ids, 1), 0) LOOP
    SELECT coalesce(max(originator_version), 0) INTO found_version
      FROM flashlog_log.event WHERE originator_id = expected_ids[i];
    IF found_version <> expected_versions[i] THEN
      RAISE integrity_constraint_violation USING MESSAGE =
        'the story of ' || encode(expected_ids[i], 'hex') || ' has gone on to '
        || found_version;
    END IF;
  END LOOP;
  IF cardinality(since_topics) > 0 THEN
    SELECT topic INTO found_topic FROM flashlog_log.event
      WHERE position > since AND topic = ANY (since_topics) LIMIT 1;
    IF FOUND THEN
      RAISE integrity_constraint_violation USING MESSAGE =
        'a ' || found_topic || ' has come since ' || since;
    END IF;
  END IF;
  SELECT position, recorded_at INTO last_position, last_recorded_at
    FROM flashlog_log.event ORDER BY position DESC LIMIT 1;
  last_position := coalesce(last_position, 0);
  INSERT INTO flashlog_log.event
    SELECT last_position + place, id, version, topic, state,
      greatest(at, last_recorded_at)
    FROM unnest(ids, versions, topics, states) WITH ORDINALITY
      AS story (id, version, topic, state, place)
    ORDER BY place;
  PERFORM pg_notify('flashlog_log', '');
  RETURN last_position + 1;
END $$;
