-- case: added
-- from:
CREATE TABLE t (a int, c int);
-- to:
CREATE TABLE t (x int DEFAULT 3, a int, b varchar(9) NOT NULL DEFAULT 'b', c int, d int);
-- rows:
INSERT INTO t VALUES (1, 3);
SELECT concat_ws(',', a, c) FROM t;
-- rows back:
INSERT INTO t VALUES (0, 1, '2', 3, 4);
SELECT concat_ws(',', a, c, d) FROM t;

-- case: in another order
-- from:
CREATE TABLE t (a int, b int, c int, d int, e int);
-- to:
CREATE TABLE t (e int, a int, c int, b int, d int);
-- rows:
INSERT INTO t VALUES (1, 2, 3, 4, 5);
SELECT concat_ws(',', a, b, c, d, e) FROM t;
-- rows back:
INSERT INTO t (a, b, c, d, e) VALUES (1, 2, 3, 4, 5);
SELECT concat_ws(',', a, b, c, d, e) FROM t;

-- case: in another order, with others that come and go
-- from:
CREATE TABLE t (a int, b int, c int);
-- to:
CREATE TABLE t (c bigint, n int, a int, m int);
-- rows:
INSERT INTO t VALUES (1, 2, 3);
SELECT concat_ws(',', a, b, c) FROM t;
-- rows back:
INSERT INTO t VALUES (3, 9, 1, 8);
SELECT concat_ws(',', c, n, a, m) FROM t;

-- case: all of them are others
-- from:
CREATE TABLE t (a int, b int);
-- to:
CREATE TABLE t (x int, y int);

-- case: wider types
-- from:
CREATE TABLE t (a int, b varchar(10), c enum('x', 'y'), d datetime, e decimal(5, 2), f tinytext);
-- to:
CREATE TABLE t (a bigint, b varchar(300), c enum('x', 'y', 'z'), d datetime(3), e decimal(9, 4), f longtext);
-- rows:
INSERT INTO t VALUES (1, 'bb', 'y', '2020-01-01 01:02:03', 1.25, 'f');
SELECT concat_ws(',', a + 0, b, c, date(d), e + 0 = 1.25, f) FROM t;
-- rows back:
INSERT INTO t VALUES (1, 'bb', 'y', '2020-01-01 01:02:03.456', 1.2567, 'f');
SELECT concat_ws(',', a + 0, b, c, d, e, f) FROM t;

-- case: another name by its case alone
-- from:
CREATE TABLE t (ID int, Name varchar(10), KEY K (ID));
-- to:
CREATE TABLE t (id int, name varchar(20), KEY K (id));
-- rows:
INSERT INTO t VALUES (1, 'n');
SELECT concat_ws(',', id, name) FROM t;

-- case: never NULL
-- from:
CREATE TABLE t (a int, b int DEFAULT 4);
-- to:
CREATE TABLE t (a int NOT NULL, b int NOT NULL);
-- rows:
INSERT INTO t VALUES (1, 2);
SELECT concat_ws(',', a, b) FROM t;
-- rows back:
INSERT INTO t VALUES (1, 2);
SELECT concat_ws(',', a, b) FROM t;

-- case: kept, computed, stored
-- from:
CREATE TABLE t (a int, b int AS (a + 1) VIRTUAL, c int AS (a + 2) STORED, d int, KEY b (b), KEY c (c, a));
-- to:
CREATE TABLE t (a int, b int AS (a + 1) STORED, c int AS (a + 2) VIRTUAL, d int, KEY b (b), KEY c (c, a));
-- rows:
INSERT INTO t (a) VALUES (1);
SELECT concat_ws(',', a, b, c) FROM t;
-- rows back:
INSERT INTO t (a) VALUES (1);
SELECT concat_ws(',', a, b, c) FROM t;

-- case: computed and kept then
-- from:
CREATE TABLE t (a int, c int AS (a + 2) STORED);
-- to:
CREATE TABLE t (a int, c int);
-- rows:
INSERT INTO t (a) VALUES (1);
SELECT concat_ws(',', a, c) FROM t;

-- case: another charset and collation
-- from:
CREATE TABLE t (a varchar(20), b varchar(20) CHARACTER SET latin1, c char(3) COLLATE utf8mb4_bin) DEFAULT CHARSET = latin1;
-- to:
CREATE TABLE t (a varchar(20), b varchar(20) CHARACTER SET latin1, c char(3) COLLATE utf8mb4_bin) DEFAULT CHARSET = utf8mb4;
-- rows:
INSERT INTO t VALUES ('é', 'ü', 'c');
SELECT concat_ws(',', hex(convert(a USING utf8mb4)), hex(b), c) FROM t;

-- case: numbers itself
-- from:
CREATE TABLE t (id int unsigned NOT NULL, n int);
-- to:
CREATE TABLE t (id bigint unsigned NOT NULL AUTO_INCREMENT, n int, PRIMARY KEY (id));
-- rows:
INSERT INTO t VALUES (7, 1);
SELECT concat_ws(',', id, n) FROM t;

-- case: json
-- from:
CREATE TABLE t (a json, b longtext);
-- to:
CREATE TABLE t (a json NOT NULL, b json);
-- rows:
INSERT INTO t VALUES ('{}', '[]');
SELECT concat_ws(',', a, b) FROM t;

-- case: odd names
-- from:
CREATE TABLE `t``1 "x"` (`a.b` int, `select` int, `ü` int) COLLATE utf8mb4_bin;
-- to:
CREATE TABLE `t``1 "x"` (`select` bigint, `a.b` int DEFAULT 5, `new``one` varchar(20) DEFAULT 'it''s \\' COMMENT 'a \\ ''b''');

-- case: checks and defaults that speak of others
-- from:
CREATE TABLE t (a int, b int DEFAULT (a + 1), c int CHECK (c > 1), CONSTRAINT k CHECK (a < 100));
-- to:
CREATE TABLE t (a int, b2 int DEFAULT (a + 1), c int CHECK (c > 0), CONSTRAINT k CHECK (b2 < 100));
