CREATE FUNCTION fine(integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 > 0';
-- case: made
CREATE TABLE t (a integer, CONSTRAINT c CHECK (a > 0));
-- case: same: spelled otherwise
CREATE TABLE t (a int);
alter table t add constraint c check ((a)>(0));
-- case: name
CREATE TABLE t (a integer CHECK (a > 0));
-- case: expression
CREATE TABLE t (a integer, CONSTRAINT c CHECK (fine(a)));
-- case: no inherit
CREATE TABLE t (a integer, CONSTRAINT c CHECK (a > 0) NO INHERIT);
-- case: not valid
CREATE TABLE t (a integer);
ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;
-- case: comment
CREATE TABLE t (a integer, CONSTRAINT c CHECK (a > 0));
COMMENT ON CONSTRAINT c ON t IS 'positive';
