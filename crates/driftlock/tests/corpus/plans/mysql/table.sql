-- case: much at once
-- from:
CREATE TABLE t (id int PRIMARY KEY, a varchar(20), b int, KEY b (b)) COMMENT = 'one';
-- to:
CREATE TABLE t (id bigint PRIMARY KEY, c int, a varchar(30) NOT NULL DEFAULT '', KEY c (c), CHECK (c > 0)) ENGINE = InnoDB ROW_FORMAT = COMPRESSED COMMENT = 'two';

-- case: parts that come behind
-- from:
CREATE TABLE t (id int) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10));
-- to:
CREATE TABLE t (id int, b int) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN (20), PARTITION c VALUES LESS THAN MAXVALUE);
-- rows:
INSERT INTO t VALUES (1);
SELECT group_concat(id ORDER BY id) FROM t;

-- case: one part of two
-- from:
CREATE TABLE t (id int) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN (20));
-- to:
CREATE TABLE t (id int) PARTITION BY RANGE (id) (PARTITION b VALUES LESS THAN (20));
-- rows:
INSERT INTO t VALUES (1), (11);
SELECT group_concat(id ORDER BY id) FROM t;
-- rows back:
INSERT INTO t VALUES (1), (11);
SELECT group_concat(id ORDER BY id) FROM t;

-- case: in parts
-- from:
CREATE TABLE t (id int, b int);
-- to:
CREATE TABLE t (id int) PARTITION BY HASH (id) PARTITIONS 3;
-- rows:
INSERT INTO t VALUES (1, 2), (11, 3);
SELECT group_concat(id ORDER BY id) FROM t;
SELECT sum(b) FROM t;

-- case: a default of a sequence that comes (MariaDB)
-- from:
CREATE TABLE t (id int);
-- to:
CREATE SEQUENCE s START 5;
CREATE TABLE t (id int DEFAULT (NEXT VALUE FOR s));
