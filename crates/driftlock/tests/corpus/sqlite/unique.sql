-- case: made
CREATE TABLE t (a text, b text COLLATE nocase, UNIQUE (a));
-- case: same: behind the column
CREATE TABLE t (a text UNIQUE ON CONFLICT ABORT, b text COLLATE nocase);
-- case: same: with the collation that the column has
CREATE TABLE t (a text, b text COLLATE nocase, UNIQUE ("A" COLLATE binary ASC));
-- case: of another column
CREATE TABLE t (a text, b text COLLATE nocase, UNIQUE (b));
-- case: of another column in another collation
CREATE TABLE t (a text, b text COLLATE nocase, UNIQUE (b COLLATE binary));
-- case: of two
CREATE TABLE t (a text, b text COLLATE nocase, UNIQUE (a, b));
-- case: of two, each alone
CREATE TABLE t (a text UNIQUE, b text COLLATE nocase UNIQUE);
-- case: descending
CREATE TABLE t (a text, b text COLLATE nocase, UNIQUE (a DESC));
-- case: with a conflict clause
CREATE TABLE t (a text UNIQUE ON CONFLICT REPLACE, b text COLLATE nocase);
-- case: with a name
CREATE TABLE t (a text CONSTRAINT u UNIQUE, b text COLLATE nocase);
-- case: twice under one name
CREATE TABLE t (a text, b text COLLATE nocase, CONSTRAINT u UNIQUE (a), CONSTRAINT u UNIQUE (b));
-- case: an index
CREATE TABLE t (a text, b text COLLATE nocase);
CREATE UNIQUE INDEX u ON t (a);
