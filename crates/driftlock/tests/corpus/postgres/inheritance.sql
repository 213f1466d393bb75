CREATE TABLE p (a integer NOT NULL, b text DEFAULT 'x', CONSTRAINT c CHECK (a > 0));
CREATE TABLE q (b text, z integer);
-- case: made
CREATE TABLE t () INHERITS (p);
-- case: same: spelled otherwise
CREATE TABLE t (a integer) INHERITS (p);
ALTER TABLE t NO INHERIT p;
DROP TABLE t;
CREATE TABLE t () INHERITS (p);
-- case: of two
CREATE TABLE t () INHERITS (p, q);
-- case: of the other first
CREATE TABLE t () INHERITS (q, p);
-- case: with a column of its own
CREATE TABLE t (own integer) INHERITS (p);
-- case: with a column that is its own too
CREATE TABLE t (a integer) INHERITS (p);
-- case: with another default
CREATE TABLE t () INHERITS (p);
ALTER TABLE t ALTER b SET DEFAULT 'y';
-- case: without a default
CREATE TABLE t () INHERITS (p);
ALTER TABLE t ALTER b DROP DEFAULT;
-- case: with more that may not be null
CREATE TABLE t () INHERITS (p);
ALTER TABLE t ALTER b SET NOT NULL;
-- case: with a check that is its own too
CREATE TABLE t (CONSTRAINT c CHECK (a > 0)) INHERITS (p);
-- case: a comment on what it inherits
CREATE TABLE t () INHERITS (p);
COMMENT ON COLUMN t.a IS 'inherited';
-- case: through another
CREATE TABLE m (own integer) INHERITS (p);
CREATE TABLE t () INHERITS (m);
