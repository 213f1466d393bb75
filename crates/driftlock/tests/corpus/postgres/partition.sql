CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE other (id integer PRIMARY KEY);
CREATE TABLE p (id integer NOT NULL, region text DEFAULT 'x', at date) PARTITION BY LIST (region);
-- case: made
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a');
-- case: same: attached
CREATE TABLE t (id integer CONSTRAINT p_id_not_null NOT NULL, region text DEFAULT 'x', at date);
ALTER TABLE p ATTACH PARTITION t FOR VALUES IN ('a');
-- case: bound
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a', NULL);
-- case: default
CREATE TABLE t PARTITION OF p DEFAULT;
-- case: columns in another order
CREATE TABLE t (at date, region text DEFAULT 'x', id integer NOT NULL);
ALTER TABLE p ATTACH PARTITION t FOR VALUES IN ('a');
-- case: another default of a column
CREATE TABLE t PARTITION OF p (region DEFAULT 'a') FOR VALUES IN ('a');
-- case: partitioned itself
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a') PARTITION BY RANGE (at);
CREATE TABLE u PARTITION OF t FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
-- case: an index of all
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a');
CREATE INDEX i ON p (at);
-- case: an index of the partitioned table alone
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a');
CREATE INDEX i ON ONLY p (at);
-- case: an index attached
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a');
CREATE INDEX i ON ONLY p (at);
CREATE INDEX j ON t (at);
ALTER INDEX i ATTACH PARTITION j;
-- case: a key of all
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a');
ALTER TABLE p ADD CONSTRAINT k PRIMARY KEY (id, region);
-- case: a foreign key of all
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a');
ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES other;
-- case: a foreign key of all that has another name in one
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a');
ALTER TABLE t ADD CONSTRAINT mine FOREIGN KEY (id) REFERENCES other ON DELETE CASCADE DEFERRABLE;
ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES other ON DELETE CASCADE DEFERRABLE;
-- case: a check of all
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a');
ALTER TABLE p ADD CONSTRAINT c CHECK (id > 0);
-- case: a trigger of all
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a');
CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION note();
-- case: a trigger of all that is off in one
CREATE TABLE t PARTITION OF p FOR VALUES IN ('a');
CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE t DISABLE TRIGGER g;
-- case: by an expression
CREATE TABLE r (id integer, name text) PARTITION BY HASH (lower(name) text_pattern_ops);
CREATE TABLE t PARTITION OF r FOR VALUES WITH (MODULUS 2, REMAINDER 1);
