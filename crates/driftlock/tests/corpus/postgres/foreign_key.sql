CREATE TABLE o (a integer, b integer, PRIMARY KEY (a), UNIQUE (a, b));
CREATE TABLE n (a integer PRIMARY KEY);
-- case: made
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a));
-- case: same: spelled otherwise
CREATE TABLE t (a integer CONSTRAINT f REFERENCES public.o MATCH SIMPLE ON DELETE NO ACTION, b integer);
-- case: name
CREATE TABLE t (a integer REFERENCES o (a), b integer);
-- case: columns
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (b) REFERENCES o (a));
-- case: another table
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a) REFERENCES n (a));
-- case: two columns
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a, b) REFERENCES o (a, b));
-- case: match full
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a, b) REFERENCES o (a, b) MATCH FULL);
-- case: on delete cascade
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a) ON DELETE CASCADE);
-- case: on delete restrict
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a) ON DELETE RESTRICT);
-- case: on delete set null
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a) ON DELETE SET NULL);
-- case: on delete set default
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a) ON DELETE SET DEFAULT);
-- case: on delete of some columns (since 15)
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a, b) REFERENCES o (a, b) ON DELETE SET NULL (b));
-- case: on update
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a) ON UPDATE CASCADE);
-- case: deferrable
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a) DEFERRABLE);
-- case: deferred
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a) DEFERRABLE INITIALLY DEFERRED);
-- case: not valid
CREATE TABLE t (a integer, b integer);
ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a) NOT VALID;
-- case: comment
CREATE TABLE t (a integer, b integer, CONSTRAINT f FOREIGN KEY (a) REFERENCES o (a));
COMMENT ON CONSTRAINT f ON t IS 'other';
-- case: of each other
CREATE TABLE t (a integer PRIMARY KEY, b integer);
CREATE TABLE u (a integer PRIMARY KEY, b integer REFERENCES t);
ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES u;
