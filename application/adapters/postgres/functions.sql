-- What our statements use, and PostgreSQL has by other names.

-- No text of PostgreSQL can have a NUL: it is shown as what cannot be shown.
CREATE OR REPLACE FUNCTION without_nul(document text) RETURNS json
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
    SELECT CASE WHEN strpos(document, '\u0000') = 0 THEN document
      ELSE regexp_replace(document, '(?<!\\)((?:\\\\)*)\\u0000', '\1\ufffd', 'g')
    END::json
  $$;

CREATE OR REPLACE FUNCTION json_each(document text)
  RETURNS TABLE (key bigint, value text)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 100
  AS $$
    SELECT place - 1, item #>> '{}'
    FROM json_array_elements(without_nul(document)) WITH ORDINALITY AS found (item, place)
  $$;

-- A path is $[0] or $.name, and no longer.
CREATE OR REPLACE FUNCTION json_extract(document text, path text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
    SELECT CASE WHEN path LIKE '$[%'
      THEN without_nul(document) ->> rtrim(substr(path, 3), ']')::integer
      ELSE without_nul(document) ->> substr(path, 3)
    END
  $$;

CREATE OR REPLACE FUNCTION instr(whole text, part text) RETURNS bigint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT strpos(whole, part)::bigint $$;
