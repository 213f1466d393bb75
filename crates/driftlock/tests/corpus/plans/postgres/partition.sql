CREATE TABLE p (id int NOT NULL, n text, d date) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
-- case: one more
-- from:
-- to:
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
-- case: another bound
-- from:
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
-- to:
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (30);
-- rows:
INSERT INTO p VALUES (1, 'a'), (11, 'b');
SELECT string_agg(n, ',' ORDER BY id) FROM p;
-- case: detached
-- from:
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
CREATE INDEX pi ON p (n);
-- to:
CREATE TABLE p2 (id int NOT NULL, n text, d date);
CREATE INDEX pi ON p (n);
CREATE INDEX p2_n_idx ON p2 (n);
-- case: columns
-- from:
-- to:
ALTER TABLE p ADD COLUMN x int NOT NULL DEFAULT 1;
ALTER TABLE p ALTER n TYPE varchar(50);
ALTER TABLE p ALTER d SET DEFAULT '2020-01-01';
ALTER TABLE p ALTER d SET NOT NULL;
-- case: one partition says otherwise
-- from:
-- to:
ALTER TABLE p1 ALTER n SET DEFAULT 'p1';
ALTER TABLE p1 ALTER d SET NOT NULL;
-- case: keys and indexes
-- from:
-- to:
ALTER TABLE p ADD PRIMARY KEY (id);
CREATE INDEX ON p (n);
CREATE UNIQUE INDEX ON p (id, n);
CREATE TABLE r (p int REFERENCES p);
-- case: another index of the same name
-- from:
CREATE INDEX pi ON p (n);
-- to:
CREATE INDEX pi ON p (d);
-- case: a column that an index has
-- from:
CREATE INDEX pi ON p (n);
-- to:
ALTER TABLE p DROP COLUMN n;
-- case: constraints
-- from:
-- to:
ALTER TABLE p ADD CONSTRAINT c CHECK (id < 100);
ALTER TABLE p1 ADD CONSTRAINT own CHECK (id < 50);
CREATE TABLE o (id int PRIMARY KEY);
ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES o;
-- case: triggers
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- from:
CREATE TRIGGER g BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION g();
-- to:
CREATE TRIGGER g BEFORE UPDATE ON p FOR EACH ROW EXECUTE FUNCTION g();
ALTER TABLE p1 DISABLE TRIGGER g;
-- case: all of it
-- from:
DROP TABLE p;
-- to:
CREATE INDEX ON p (n);
CREATE TABLE p2 PARTITION OF p DEFAULT PARTITION BY LIST (n);
CREATE TABLE p21 PARTITION OF p2 FOR VALUES IN ('a');
-- case: detached, with constraints
CREATE TABLE o (id int PRIMARY KEY);
-- from:
ALTER TABLE p ADD CONSTRAINT c CHECK (id < 100), ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES o;
-- to:
ALTER TABLE p ADD CONSTRAINT c CHECK (id < 100), ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES o;
ALTER TABLE p DETACH PARTITION p1;
ALTER TABLE p1 DROP CONSTRAINT c, DROP CONSTRAINT f;
-- case: another bound, with constraints
CREATE TABLE o (id int PRIMARY KEY);
ALTER TABLE p ADD CONSTRAINT c CHECK (id < 100), ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES o, ADD PRIMARY KEY (id);
-- from:
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
-- to:
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (30);
-- rows:
INSERT INTO o VALUES (1), (11);
INSERT INTO p VALUES (1, 'a'), (11, 'b');
SELECT string_agg(n, ',' ORDER BY id) FROM p;
-- case: one more, where there are constraints
CREATE TABLE o (id int PRIMARY KEY);
ALTER TABLE p ADD CONSTRAINT c CHECK (id < 100), ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES o, ADD PRIMARY KEY (id);
CREATE INDEX pi ON p (n);
CREATE TABLE refers (p int REFERENCES p);
-- from:
-- to:
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (30);
