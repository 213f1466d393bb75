-- case: made
CREATE DOMAIN d AS text;

-- case: another type
CREATE DOMAIN d AS varchar(20);

-- case: an array
CREATE DOMAIN d AS text[];

-- case: default
CREATE DOMAIN d AS text DEFAULT 'x';

-- case: not null
CREATE DOMAIN d AS text NOT NULL;

-- case: collation
CREATE DOMAIN d AS text COLLATE "C";

-- case: check
CREATE DOMAIN d AS text CONSTRAINT short CHECK (length(VALUE) < 10);

-- case: check of another name
CREATE DOMAIN d AS text CONSTRAINT "Short one" CHECK (length(VALUE) < 10);

-- case: check of another length
CREATE DOMAIN d AS text CONSTRAINT short CHECK (length(VALUE) < 11);

-- case: check that was not looked at
CREATE DOMAIN d AS text;
ALTER DOMAIN d ADD CONSTRAINT short CHECK (length(VALUE) < 10) NOT VALID;

-- case: commented check
CREATE DOMAIN d AS text CONSTRAINT short CHECK (length(VALUE) < 10);
COMMENT ON CONSTRAINT short ON DOMAIN d IS 'why';

-- case: commented
CREATE DOMAIN d AS text;
COMMENT ON DOMAIN d IS 'what';

-- case: owned by another
CREATE DOMAIN d AS text;
ALTER DOMAIN d OWNER TO pg_monitor;

-- case: granted on
CREATE DOMAIN d AS text;
GRANT USAGE ON DOMAIN d TO pg_monitor WITH GRANT OPTION;

-- case: same: a default that is gone again
CREATE DOMAIN d AS text DEFAULT 'y';
ALTER DOMAIN d DROP DEFAULT;

-- case: of a domain with a check that calls a function
CREATE FUNCTION f(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 <> ''''';
CREATE DOMAIN b AS text;
CREATE DOMAIN d AS b CHECK (f(VALUE));
