-- case: made
CREATE TABLE t (id integer PRIMARY KEY, note text);
-- case: same: spelled otherwise
create  table IF NOT EXISTS main.[t] ( "id" INTEGER /* the key */ primary   key, -- and a note
  `note` Text );
-- case: same: a column added later
CREATE TABLE t (id integer PRIMARY KEY);
ALTER TABLE t ADD COLUMN note TEXT;
-- case: same: a column added before constraints of the table
CREATE TABLE t (id integer, PRIMARY KEY (id));
ALTER TABLE t ADD note TEXT;
-- case: same: renamed
CREATE TABLE u (id integer PRIMARY KEY, memo text);
ALTER TABLE u RENAME TO t;
ALTER TABLE t RENAME memo TO note;
-- case: same: a column dropped
CREATE TABLE t (id integer PRIMARY KEY, gone int, note text);
ALTER TABLE t DROP COLUMN gone;
-- case: strict
CREATE TABLE t (id integer PRIMARY KEY, note text) STRICT;
-- case: without rowid
CREATE TABLE t (id integer PRIMARY KEY, note text) WITHOUT ROWID;
-- case: both
CREATE TABLE t (id integer PRIMARY KEY, note text) strict, without rowid;
-- case: other name
CREATE TABLE u (id integer PRIMARY KEY, note text);
-- case: other case of its name
CREATE TABLE T (id integer PRIMARY KEY, note text);
-- case: other order of columns
CREATE TABLE t (note text, id integer PRIMARY KEY);
-- case: from a query
CREATE TABLE s (id integer PRIMARY KEY, note varchar(20) NOT NULL DEFAULT 'x' COLLATE NOCASE);
CREATE TABLE t AS SELECT *, 1 AS "a number", CAST(note AS text) AS cast_note FROM s;
DROP TABLE s;
