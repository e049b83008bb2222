-- What our statements use, and PostgreSQL has by other names.
CREATE OR REPLACE FUNCTION json_each(document text)
  RETURNS TABLE (key bigint, value text)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
  AS $$
    SELECT place - 1, item #>> '{}'
    FROM json_array_elements(document::json) WITH ORDINALITY AS found (item, place)
  $$;

-- A path is $[0] or $.name, and no longer.
CREATE OR REPLACE FUNCTION json_extract(document text, path text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
    SELECT CASE WHEN path LIKE '$[%'
      THEN document::json ->> rtrim(substr(path, 3), ']')::integer
      ELSE document::json ->> substr(path, 3)
    END
  $$;

CREATE OR REPLACE FUNCTION instr(whole text, part text) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT strpos(whole, part)::bigint $$;
