-- case: made
CREATE COLLATION c (LOCALE = 'C');

-- case: another order
CREATE COLLATION c (LC_COLLATE = 'POSIX', LC_CTYPE = 'C');

-- case: another ctype
CREATE COLLATION c (LC_COLLATE = 'C', LC_CTYPE = 'POSIX');

-- case: icu
CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de-DE');

-- case: nondeterministic
CREATE COLLATION c (PROVIDER = icu, LOCALE = 'de-DE', DETERMINISTIC = false);

-- case: commented
CREATE COLLATION c (LOCALE = 'C');
COMMENT ON COLLATION c IS 'what';

-- case: owned by another
CREATE COLLATION c (LOCALE = 'C');
ALTER COLLATION c OWNER TO pg_monitor;

-- case: in another schema
CREATE SCHEMA s;
CREATE COLLATION s."Odd one" (LOCALE = 'C');
