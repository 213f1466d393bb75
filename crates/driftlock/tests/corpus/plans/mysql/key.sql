-- case: of more columns
-- from:
CREATE TABLE t (a int NOT NULL, b int NOT NULL, c varchar(300), PRIMARY KEY (a), UNIQUE KEY u (b), KEY k (c(10)));
-- to:
CREATE TABLE t (a int NOT NULL, b int NOT NULL, c varchar(300), PRIMARY KEY (b, a), UNIQUE KEY u (b, a), KEY k (c(20), a DESC));
-- rows:
INSERT INTO t VALUES (1, 2, 'c');
SELECT concat_ws(',', a, b, c) FROM t;

-- case: of another kind by the same name
-- from:
CREATE TABLE t (a int, b int, KEY k (a), UNIQUE KEY u (b));
-- to:
CREATE TABLE t (a int, b int, UNIQUE KEY k (a), KEY u (b));

-- case: a column that numbers itself changes its key
-- from:
CREATE TABLE t (a int NOT NULL AUTO_INCREMENT, b int NOT NULL, PRIMARY KEY (a));
-- to:
CREATE TABLE t (a int NOT NULL AUTO_INCREMENT, b int NOT NULL, PRIMARY KEY (b), KEY a (a));
-- rows:
INSERT INTO t VALUES (7, 1), (8, 2);
SELECT group_concat(a ORDER BY a) FROM t;

-- case: its column goes
-- from:
CREATE TABLE t (a int, b int, c int, KEY k (a, b), KEY l (b));
-- to:
CREATE TABLE t (a int, c int, KEY k (a));

-- case: no key any more
-- from:
CREATE TABLE t (a int NOT NULL AUTO_INCREMENT PRIMARY KEY, b int);
-- to:
CREATE TABLE t (a int NOT NULL, b int);
-- rows:
INSERT INTO t VALUES (7, 1);
SELECT concat_ws(',', a, b) FROM t;

-- case: words of a text
-- from:
CREATE TABLE t (a text, FULLTEXT KEY f (a));
-- to:
CREATE TABLE t (a text, b text, FULLTEXT KEY f (a, b));
