-- case: its columns get another type
-- from:
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, p int, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE);
-- to:
CREATE TABLE p (id bigint PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, p bigint, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE);
-- rows:
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (2, 1);
SELECT concat_ws(',', c.id, c.p, p.id) FROM c JOIN p ON p.id = c.p;

-- case: to another table
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE q (id int PRIMARY KEY);
-- from:
CREATE TABLE c (p int, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
-- to:
CREATE TABLE c (p int, CONSTRAINT f FOREIGN KEY (p) REFERENCES q (id));

-- case: a circle of new tables
-- from:
CREATE TABLE z (id int PRIMARY KEY);
-- to:
CREATE TABLE z (id int PRIMARY KEY, b int);
CREATE TABLE a (id int PRIMARY KEY, b int, z int, CONSTRAINT az FOREIGN KEY (z) REFERENCES z (id));
CREATE TABLE b (id int PRIMARY KEY, a int, b int, CONSTRAINT ba FOREIGN KEY (a) REFERENCES a (id), CONSTRAINT bb FOREIGN KEY (b) REFERENCES b (id));
ALTER TABLE a ADD CONSTRAINT ab FOREIGN KEY (b) REFERENCES b (id);
ALTER TABLE z ADD CONSTRAINT zb FOREIGN KEY (b) REFERENCES b (id);

-- case: a chain of tables whose names run the other way
-- from:
CREATE TABLE x (id int);
-- to:
CREATE TABLE c (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, c int, CONSTRAINT bc FOREIGN KEY (c) REFERENCES c (id));
CREATE TABLE a (id int PRIMARY KEY, b int, CONSTRAINT ab FOREIGN KEY (b) REFERENCES b (id));

-- case: to a key that comes
-- from:
CREATE TABLE p (id int PRIMARY KEY, code int NOT NULL);
CREATE TABLE c (code int);
-- to:
CREATE TABLE p (id int PRIMARY KEY, code int NOT NULL, UNIQUE KEY code (code));
CREATE TABLE c (code int, CONSTRAINT f FOREIGN KEY (code) REFERENCES p (code));

-- case: the key that it needs is another one
-- from:
CREATE TABLE p (id int NOT NULL, UNIQUE KEY id (id));
CREATE TABLE c (p int, KEY one (p), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
-- to:
CREATE TABLE p (id int NOT NULL, PRIMARY KEY (id));
CREATE TABLE c (p int, x int, KEY two (p, x), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
-- rows:
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1);
SELECT concat_ws(',', c.p, p.id) FROM c JOIN p ON p.id = c.p;

-- case: the engine's own index, and one that serves beside it
CREATE TABLE p (id int PRIMARY KEY);
-- from:
CREATE TABLE c (p int, x int, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
-- to:
CREATE TABLE c (p int, x int, KEY f (p), KEY g (p, x), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));

-- case: with its column
-- from:
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int, p int, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
-- to:
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int);
-- rows:
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (2, 1);
SELECT concat_ws(',', id, p) FROM c;

-- case: what it refers to goes
-- from:
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int, p int, KEY p (p), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
-- to:
CREATE TABLE c (id int, p int, KEY p (p));

-- case: to itself, with another type
-- from:
CREATE TABLE t (id int PRIMARY KEY, parent int, CONSTRAINT f FOREIGN KEY (parent) REFERENCES t (id));
-- to:
CREATE TABLE t (id bigint PRIMARY KEY, parent bigint, CONSTRAINT f FOREIGN KEY (parent) REFERENCES t (id));
-- rows:
INSERT INTO t VALUES (1, NULL), (2, 1);
SELECT group_concat(id, ' ', coalesce(parent, '-') ORDER BY id) FROM t;

-- case: a column that it sets to NULL never is
-- from:
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (p int, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL);
-- to:
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (p int NOT NULL, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE);

-- case: another engine, which has none
-- from:
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (p int, KEY p (p), CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
-- to:
CREATE TABLE p (id int PRIMARY KEY) ENGINE = MyISAM;
CREATE TABLE c (p int, KEY p (p)) ENGINE = MyISAM;
-- rows:
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1);
SELECT count(*) FROM c;

-- case: another name
CREATE TABLE p (id int PRIMARY KEY);
-- from:
CREATE TABLE c (p int, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));
-- to:
CREATE TABLE c (p int, CONSTRAINT g FOREIGN KEY (p) REFERENCES p (id));
