CREATE EXTENSION IF NOT EXISTS btree_gist;
-- case: made
CREATE TABLE t (a integer NOT NULL, b text, c integer, PRIMARY KEY (a));
-- case: same: spelled otherwise
CREATE TABLE t (a int, b text, c int);
ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (a);
-- case: name
CREATE TABLE t (a integer NOT NULL, b text, c integer, CONSTRAINT k PRIMARY KEY (a));
-- case: columns
CREATE TABLE t (a integer NOT NULL, b text, c integer NOT NULL, PRIMARY KEY (c, a));
-- case: include
CREATE TABLE t (a integer NOT NULL, b text, c integer, PRIMARY KEY (a) INCLUDE (c));
-- case: deferrable
CREATE TABLE t (a integer NOT NULL, b text, c integer, PRIMARY KEY (a) DEFERRABLE);
-- case: deferred
CREATE TABLE t (a integer NOT NULL, b text, c integer, PRIMARY KEY (a) DEFERRABLE INITIALLY DEFERRED);
-- case: options
CREATE TABLE t (a integer NOT NULL, b text, c integer, PRIMARY KEY (a) WITH (fillfactor = 50));
-- case: clustered
CREATE TABLE t (a integer NOT NULL, b text, c integer, PRIMARY KEY (a));
ALTER TABLE t CLUSTER ON t_pkey;
-- case: replica identity
CREATE TABLE t (a integer NOT NULL, b text, c integer, PRIMARY KEY (a));
ALTER TABLE t REPLICA IDENTITY USING INDEX t_pkey;
-- case: comment
CREATE TABLE t (a integer NOT NULL, b text, c integer, PRIMARY KEY (a));
COMMENT ON CONSTRAINT t_pkey ON t IS 'key';
-- case: unique
CREATE TABLE t (a integer NOT NULL, b text, c integer, UNIQUE (b));
-- case: unique with include and options, deferred
CREATE TABLE t (a integer NOT NULL, b text, c integer, UNIQUE (b) INCLUDE (c) WITH (fillfactor = 60), UNIQUE (c) DEFERRABLE INITIALLY DEFERRED);
-- case: unique, deferrable
CREATE TABLE t (a integer NOT NULL, b text, c integer, UNIQUE (b) DEFERRABLE);
-- case: unique of nulls (since 15)
CREATE TABLE t (a integer NOT NULL, b text, c integer, UNIQUE NULLS NOT DISTINCT (b));
-- case: unique clustered, the identity of replicas, with a comment
CREATE TABLE t (a integer NOT NULL, b text, c integer, CONSTRAINT u UNIQUE (a));
ALTER TABLE t CLUSTER ON u;
ALTER TABLE t REPLICA IDENTITY USING INDEX u;
COMMENT ON CONSTRAINT u ON t IS 'unique';
-- case: exclusion
CREATE TABLE t (a integer NOT NULL, b text, c integer, r int4range, CONSTRAINT x EXCLUDE USING gist (a WITH =, r WITH &&));
-- case: exclusion with a condition, options, include, deferred
CREATE TABLE t (a integer NOT NULL, b text, c integer, r int4range, CONSTRAINT x EXCLUDE USING gist (r WITH -|-, (a + 1) WITH <>) INCLUDE (c) WITH (fillfactor = 70) WHERE (a > 0) DEFERRABLE INITIALLY DEFERRED);
COMMENT ON CONSTRAINT x ON t IS 'exclusion';
-- case: exclusion, deferrable
CREATE TABLE t (a integer NOT NULL, b text, c integer, r int4range, CONSTRAINT x EXCLUDE USING gist (a WITH =, r WITH &&) DEFERRABLE);
-- case: exclusion by a tree
CREATE TABLE t (a integer NOT NULL, b text, c integer, CONSTRAINT x EXCLUDE (b COLLATE "C" WITH =));
ALTER TABLE t CLUSTER ON x;
-- case: a comment on the index that keeps it, and one on itself
CREATE TABLE t (a integer NOT NULL, b text, c integer, CONSTRAINT u UNIQUE (a), CONSTRAINT p PRIMARY KEY (c), CONSTRAINT x EXCLUDE (b WITH =));
COMMENT ON CONSTRAINT u ON t IS 'unique';
COMMENT ON INDEX u IS 'index';
COMMENT ON INDEX p IS 'index';
COMMENT ON INDEX x IS 'index';
