CREATE TABLE o (id int PRIMARY KEY, u int UNIQUE);
CREATE TABLE t (id int, n text, o int);
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- case: keys
-- from:
ALTER TABLE t ADD PRIMARY KEY (id);
-- to:
ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (id) INCLUDE (n), ADD UNIQUE (n) DEFERRABLE;
-- rows:
INSERT INTO t VALUES (1, 'a');
SELECT n FROM t;
-- case: a key that is referred to
-- from:
ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (id);
CREATE TABLE r (t int CONSTRAINT f REFERENCES t);
-- to:
ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (id) INCLUDE (n);
CREATE TABLE r (t int CONSTRAINT f REFERENCES t);
-- case: foreign key
-- from:
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES o;
-- to:
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES o ON DELETE CASCADE;
COMMENT ON CONSTRAINT f ON t IS 'about f';
-- case: foreign key, when it is looked at
-- from:
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES o;
-- to:
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES o DEFERRABLE INITIALLY DEFERRED;
-- case: foreign key, type on both sides
-- from:
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES o;
-- to:
ALTER TABLE o ALTER id TYPE text;
ALTER TABLE t ALTER o TYPE text;
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (o) REFERENCES o;
-- case: check, validated
-- from:
ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0) NOT VALID;
-- to:
ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0);
-- case: check, another
-- from:
ALTER TABLE t ADD CONSTRAINT c CHECK (id > 0);
-- to:
ALTER TABLE t ADD CONSTRAINT c CHECK (id > 1) NO INHERIT;
-- case: exclusion
-- from:
-- to:
ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING btree (id WITH =) WHERE (id > 3);
-- case: index
-- from:
CREATE INDEX i ON t (n);
-- to:
CREATE UNIQUE INDEX i ON t (n DESC, lower(n)) INCLUDE (id) WHERE id > 2;
COMMENT ON INDEX i IS 'about i';
-- case: index, options and statistics
-- from:
CREATE INDEX i ON t (n, lower(n));
-- to:
CREATE INDEX i ON t (n, lower(n)) WITH (fillfactor = 60);
ALTER INDEX i ALTER COLUMN 2 SET STATISTICS 100;
-- case: trigger
-- from:
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();
-- to:
CREATE TRIGGER g AFTER UPDATE OF n ON t FOR EACH ROW WHEN (OLD.n <> NEW.n) EXECUTE FUNCTION g('a');
COMMENT ON TRIGGER g ON t IS 'about g';
ALTER TABLE t ENABLE ALWAYS TRIGGER g;
-- case: trigger and its column's type
-- from:
CREATE TRIGGER g AFTER UPDATE OF n ON t FOR EACH ROW WHEN (OLD.n <> NEW.n) EXECUTE FUNCTION g();
-- to:
ALTER TABLE t ALTER n TYPE varchar(30);
CREATE TRIGGER g AFTER UPDATE OF n ON t FOR EACH ROW WHEN (OLD.n <> NEW.n) EXECUTE FUNCTION g();
-- case: rule
-- from:
CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;
-- to:
CREATE RULE r AS ON DELETE TO t WHERE OLD.id > 1 DO INSTEAD NOTHING;
ALTER TABLE t DISABLE RULE r;
-- case: policy
-- from:
CREATE POLICY p ON t FOR SELECT TO pg_monitor USING (id > 1);
CREATE POLICY q ON t;
-- to:
CREATE POLICY p ON t FOR SELECT USING (id > 2);
CREATE POLICY q ON t AS RESTRICTIVE FOR ALL USING (id > 1) WITH CHECK (id > 3);
COMMENT ON POLICY q ON t IS 'about q';
-- case: names exchanged between a constraint and an index
-- from:
CREATE UNIQUE INDEX k ON t (id);
-- to:
ALTER TABLE t ADD CONSTRAINT k UNIQUE (id);
