-- case: made
CREATE TABLE t (id integer PRIMARY KEY, a text);
-- case: same: behind all columns
CREATE TABLE t (id integer, a text, PRIMARY KEY (id));
-- case: same: in another order, which is none there
CREATE TABLE t (id integer, a text, PRIMARY KEY ("ID" COLLATE NOCASE DESC) ON CONFLICT ABORT);
-- case: none
CREATE TABLE t (id integer, a text);
-- case: of another column
CREATE TABLE t (id integer, a text PRIMARY KEY);
-- case: of two
CREATE TABLE t (id integer, a text, PRIMARY KEY (id, a));
-- case: of two in another order
CREATE TABLE t (id integer, a text, PRIMARY KEY (a, id));
-- case: with orders and collations
CREATE TABLE t (id integer, a text, PRIMARY KEY (a COLLATE nocase DESC, id ASC));
-- case: with an order
CREATE TABLE t (id integer, a text, PRIMARY KEY (a DESC));
-- case: with a collation
CREATE TABLE t (id integer, a text, PRIMARY KEY (a COLLATE nocase));
-- case: no name of the rowid
CREATE TABLE t (id integer PRIMARY KEY DESC, a text);
-- case: counting
CREATE TABLE t (id integer PRIMARY KEY AUTOINCREMENT, a text);
-- case: with a conflict clause
CREATE TABLE t (id integer PRIMARY KEY ON CONFLICT REPLACE, a text);
-- case: with a name
CREATE TABLE t (id integer CONSTRAINT pk PRIMARY KEY, a text);
-- case: everything
CREATE TABLE t (id integer, a text, CONSTRAINT "p k" PRIMARY KEY (id AUTOINCREMENT) ON CONFLICT IGNORE);
-- case: without rowid and descending
CREATE TABLE t (id integer, a text, PRIMARY KEY (id DESC)) WITHOUT ROWID;
-- case: without rowid
CREATE TABLE t (id integer, a text, PRIMARY KEY (id)) WITHOUT ROWID;
