-- A database that has one of everything that pg_dump knows.
CREATE EXTENSION pgcrypto;
CREATE EXTENSION btree_gist;
CREATE SCHEMA "Odd; schema";
COMMENT ON SCHEMA "Odd; schema" IS 'it''s; odd';

CREATE TYPE mood AS ENUM ('sad', 'o''k', 'happy; "very"');
CREATE DOMAIN positive AS int DEFAULT 1 NOT NULL CHECK (VALUE > 0);
CREATE DOMAIN short AS text COLLATE "C" CONSTRAINT length_limit CHECK (length(VALUE) < 20);
CREATE TYPE point3 AS (x int, y numeric(10, 2), "z z" text COLLATE "C");
CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE shell_only;
CREATE COLLATION by_number (provider = icu, locale = 'en-u-kn-true');

CREATE SEQUENCE free_seq START 7 INCREMENT 3 MINVALUE 1 MAXVALUE 1000 CYCLE CACHE 5;
SELECT nextval('free_seq'), nextval('free_seq');
CREATE SEQUENCE untouched_seq AS smallint;

CREATE TABLE people (
    id int GENERATED ALWAYS AS IDENTITY (START 100) PRIMARY KEY,
    name text NOT NULL DEFAULT 'it''s; "me"',
    mood mood DEFAULT 'o''k',
    many positive,
    place point3,
    reach span,
    tags text[] DEFAULT '{}',
    data jsonb,
    raw bytea,
    doubled int GENERATED ALWAYS AS (length(name) * 2) STORED,
    born date,
    at timestamptz,
    amount numeric,
    boss int,
    CONSTRAINT no_dots CHECK (name <> '.') NO INHERIT
);
COMMENT ON TABLE people IS E'tab\there; $$ and \\ and ''quotes''
and a line break';
COMMENT ON COLUMN people.name IS 'the name';
ALTER TABLE people ADD FOREIGN KEY (boss) REFERENCES people DEFERRABLE INITIALLY DEFERRED;
INSERT INTO people (name, mood, many, place, reach, tags, data, raw, born, at, amount, boss) VALUES
    ('tab	here', 'sad', 1, '(1,2.5,"a b")', '[1.5,2)', '{a,"b c","d\"e",NULL}', '{"a": "b\"\n;"}', '\x00ff0a5c', '0044-03-15 BC', '2020-01-01 00:00+00', 'NaN', 100),
    (E'line\nbreak \\ backslash \r return \b \f \v', 'happy; "very"', 2, NULL, 'empty', '{}', '[]', '', 'infinity', '-infinity', 1e30, 100),
    ('\N', NULL, 3, '(,,)', NULL, NULL, 'null', NULL, NULL, NULL, NULL, NULL),
    ('\.', NULL, 4, NULL, NULL, '{{1,2},{3,4}}', NULL, NULL, NULL, NULL, -0.000000001, NULL),
    ('ä€😀 ''quoted'' "twice"; -- no /* comment */ $$', 'sad', 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 103),
    ('', NULL, 6, NULL, NULL, NULL, NULL, (SELECT decode(string_agg(lpad(to_hex(i), 2, '0'), ''), 'hex') FROM generate_series(0, 255) i), NULL, NULL, NULL, NULL);
CREATE TABLE "Odd; schema"."Table ""two""" ("select" serial PRIMARY KEY, "a;b" bigserial, "ü" char(3) UNIQUE NULLS NOT DISTINCT);
INSERT INTO "Odd; schema"."Table ""two""" ("ü") VALUES ('x'), (NULL), ('\\');
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE empty (a int, b text);
CREATE UNLOGGED TABLE fast (a int) WITH (fillfactor = 70, autovacuum_enabled = false);
INSERT INTO fast VALUES (1);

CREATE TABLE parent (a int CHECK (a > 0), b text);
CREATE TABLE child (c int) INHERITS (parent);
CREATE TABLE grandchild (b text DEFAULT 'x') INHERITS (child);
INSERT INTO parent VALUES (1, 'p');
INSERT INTO child VALUES (2, 'c', 3);
INSERT INTO grandchild VALUES (3, 'g', 4);

CREATE TABLE measured (at date NOT NULL, city text, value int, PRIMARY KEY (at, city)) PARTITION BY RANGE (at);
CREATE TABLE measured_2020 PARTITION OF measured FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY LIST (city);
CREATE TABLE measured_2020_oslo PARTITION OF measured_2020 FOR VALUES IN ('Oslo', 'it''s');
CREATE TABLE measured_2020_rest PARTITION OF measured_2020 DEFAULT;
CREATE TABLE measured_rest PARTITION OF measured DEFAULT;
CREATE TABLE hashed (a int) PARTITION BY HASH (a);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO measured VALUES ('2020-05-05', 'Oslo', 1), ('2020-05-05', 'Rome', 2), ('2030-05-05', 'Oslo', 3);
INSERT INTO hashed SELECT generate_series(1, 5);
CREATE INDEX measured_value ON measured (value);

CREATE TABLE ring_a (id int PRIMARY KEY, b int);
CREATE TABLE ring_b (id int PRIMARY KEY, a int REFERENCES ring_a ON DELETE CASCADE);
ALTER TABLE ring_a ADD CONSTRAINT back FOREIGN KEY (b) REFERENCES ring_b NOT VALID;
BEGIN;
ALTER TABLE ring_a ALTER CONSTRAINT back DEFERRABLE INITIALLY DEFERRED;
INSERT INTO ring_a VALUES (1, 1);
INSERT INTO ring_b VALUES (1, 1);
COMMIT;
CREATE TABLE booked (room int, during tstzrange, EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (room > 0));
INSERT INTO booked VALUES (1, '[2020-01-01,2020-01-02)');

CREATE INDEX people_lower ON people (lower(name) text_pattern_ops DESC NULLS LAST) INCLUDE (born) WHERE born IS NOT NULL AND name <> ';';
CREATE INDEX people_data ON people USING gin (data jsonb_path_ops) WITH (fastupdate = off);
CREATE INDEX people_hash ON people USING hash (name);
CREATE UNIQUE INDEX people_unique ON people (id, name);
ALTER TABLE people REPLICA IDENTITY USING INDEX people_unique;
ALTER TABLE people CLUSTER ON people_pkey;
ALTER TABLE people ALTER COLUMN name SET STATISTICS 500, ALTER COLUMN raw SET STORAGE EXTERNAL, ALTER COLUMN amount SET (n_distinct = 5);
CREATE STATISTICS people_stats (ndistinct, mcv) ON name, born FROM people;

CREATE FUNCTION shout(word text, OUT loud text) LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 5 AS $_$
DECLARE
    x text := $$;'$$; -- a comment; with 'quotes
BEGIN
    loud := upper(word) || x;
END;
$_$;
CREATE FUNCTION half(n int DEFAULT 2) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN n > 0 THEN n / 2 ELSE 0 END; END;
SET check_function_bodies = off;
CREATE FUNCTION later() RETURNS bigint LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT count(*) FROM not_there_yet';
CREATE TABLE not_there_yet (a int);
RESET check_function_bodies;
CREATE FUNCTION several(n int) RETURNS TABLE (a int, b text) LANGUAGE sql ROWS 10 AS 'SELECT i, ''x''::text FROM generate_series(1, n) i';
CREATE PROCEDURE tidy(INOUT n int) LANGUAGE plpgsql SECURITY DEFINER SET work_mem = '8MB' AS 'BEGIN DELETE FROM empty; COMMIT; END';
CREATE FUNCTION joined(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce($1 || ',', '') || $2 $$;
CREATE AGGREGATE listed(text) (SFUNC = joined, STYPE = text, PARALLEL = UNSAFE);
CREATE FUNCTION near(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN abs(a - b) < 2;
CREATE OPERATOR ~~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = near, COMMUTATOR = ~~~~);
CREATE OPERATOR CLASS backwards FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(int, int);
CREATE FUNCTION mood_number(mood) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT CASE $1 WHEN 'sad' THEN 0 ELSE 1 END $$;
CREATE CAST (mood AS int) WITH FUNCTION mood_number(mood) AS ASSIGNMENT;
CREATE CONVERSION mine FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE TEXT SEARCH DICTIONARY plain_dict (TEMPLATE = simple, stopwords = english);
CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION plain ALTER MAPPING FOR asciiword WITH plain_dict, simple;

CREATE VIEW first_view AS SELECT id, name, mood::int AS n FROM people WHERE name <> ';' WITH CASCADED CHECK OPTION;
CREATE VIEW second_view WITH (security_barrier) AS SELECT f.*, shout(f.name) FROM first_view f;
CREATE MATERIALIZED VIEW kept AS SELECT count(*) AS n, max(name) AS m FROM second_view;
CREATE UNIQUE INDEX kept_n ON kept (n);
CREATE MATERIALIZED VIEW never_filled AS SELECT 1 AS one WITH NO DATA;
CREATE VIEW circular AS SELECT 1 AS a, 'x'::text AS b;
CREATE FUNCTION of_circular() RETURNS SETOF circular LANGUAGE sql AS 'SELECT * FROM circular';
CREATE OR REPLACE VIEW circular AS SELECT 2 AS a, 'y'::text AS b;
CREATE TABLE grouped (id int PRIMARY KEY, name text);
CREATE VIEW by_key AS SELECT id, name FROM grouped GROUP BY id;
CREATE RECURSIVE VIEW counted (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counted WHERE n < 3;
CREATE TABLE log (what text);
CREATE RULE logged AS ON INSERT TO empty DO ALSO (INSERT INTO log VALUES ('one;'); INSERT INTO log VALUES ('two'););
CREATE RULE kept_away AS ON DELETE TO log DO INSTEAD NOTHING;

CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_NAME || ';'); RETURN new; END $$;
CREATE TRIGGER before_insert BEFORE INSERT OR UPDATE OF name ON people FOR EACH ROW WHEN (new.name <> ';') EXECUTE FUNCTION noted('a;', 'it''s');
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON people DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION noted();
CREATE TRIGGER for_views INSTEAD OF INSERT ON second_view FOR EACH ROW EXECUTE FUNCTION noted();
CREATE TRIGGER with_tables AFTER UPDATE ON ring_a REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION noted();
ALTER TABLE people DISABLE TRIGGER before_insert;
CREATE FUNCTION watched() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'seen; %', tg_tag; END $$;
CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION watched();

ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON people AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (name = current_user) WITH CHECK (name <> ';');
GRANT SELECT (id, name), UPDATE (name) ON people TO PUBLIC;
GRANT ALL ON SEQUENCE free_seq TO PUBLIC;
REVOKE ALL ON FUNCTION half(int) FROM PUBLIC;
GRANT USAGE ON SCHEMA "Odd; schema" TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA "Odd; schema" GRANT SELECT ON TABLES TO PUBLIC;
CREATE PUBLICATION "some;" FOR TABLE people (id, name) WHERE (id > 0), ring_a WITH (publish = 'insert');
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER far FOREIGN DATA WRAPPER nowhere OPTIONS (host 'it''s; far');
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'sec;ret');
CREATE FOREIGN TABLE away (a int OPTIONS (column_name 'b;')) SERVER far;
SELECT lo_from_bytea(987654, '\x0001ff3b27');
COMMENT ON LARGE OBJECT 987654 IS 'large; object';
REFRESH MATERIALIZED VIEW kept;
