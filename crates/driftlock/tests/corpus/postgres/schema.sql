-- case: made
CREATE SCHEMA s;
-- case: same: spelled otherwise
create schema "s";
-- case: name
CREATE SCHEMA "S. ""x""";
-- case: owner
CREATE SCHEMA s AUTHORIZATION pg_monitor;
-- case: grants
CREATE SCHEMA s;
GRANT USAGE ON SCHEMA s TO PUBLIC;
GRANT CREATE ON SCHEMA s TO pg_monitor WITH GRANT OPTION;
-- case: comment
CREATE SCHEMA s;
COMMENT ON SCHEMA s IS 'names';
-- case: public with more rights (since 15)
CREATE SCHEMA s;
GRANT CREATE ON SCHEMA public TO PUBLIC;
-- case: public without rights
CREATE SCHEMA s;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- case: public of another owner
CREATE SCHEMA s;
ALTER SCHEMA public OWNER TO pg_monitor;
-- case: public with another comment
CREATE SCHEMA s;
COMMENT ON SCHEMA public IS 'ours';
-- case: public without a comment
CREATE SCHEMA s;
COMMENT ON SCHEMA public IS NULL;
-- case: without public
CREATE SCHEMA s;
DROP SCHEMA public;
