-- case: made
CREATE TYPE e AS ENUM ('a', 'b');

-- case: labels in another order
CREATE TYPE e AS ENUM ('b', 'a');

-- case: a label more
CREATE TYPE e AS ENUM ('a', 'b', 'c');

-- case: odd labels
CREATE TYPE e AS ENUM ('it''s', '"quoted", with a comma', '\back {brace}', 'NULL', '');

-- case: in another schema
CREATE SCHEMA s;
CREATE TYPE s.e AS ENUM ('a', 'b');

-- case: an odd name
CREATE TYPE "Odd ""name"". é" AS ENUM ('a', 'b');

-- case: same: a label added between
CREATE TYPE e AS ENUM ('b');
ALTER TYPE e ADD VALUE 'a' BEFORE 'b';

-- case: commented
CREATE TYPE e AS ENUM ('a', 'b');
COMMENT ON TYPE e IS 'it''s a \ comment';

-- case: owned by another
CREATE TYPE e AS ENUM ('a', 'b');
ALTER TYPE e OWNER TO pg_monitor;

-- case: not for everybody
CREATE TYPE e AS ENUM ('a', 'b');
REVOKE USAGE ON TYPE e FROM public;
GRANT USAGE ON TYPE e TO pg_monitor;
