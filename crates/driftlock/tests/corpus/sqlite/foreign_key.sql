CREATE TABLE p (id integer PRIMARY KEY, a, "B", UNIQUE (a, "B"), UNIQUE (a));
-- case: made
CREATE TABLE t (x int, y int, FOREIGN KEY (x) REFERENCES p (id));
-- case: same: behind the column
CREATE TABLE t (x int REFERENCES "P" ([ID]) ON DELETE NO ACTION ON UPDATE no action NOT DEFERRABLE INITIALLY DEFERRED, y int);
-- case: same: nothing is done on insert
CREATE TABLE t (x int, y int, FOREIGN KEY ("X") REFERENCES P(Id) ON INSERT CASCADE);
-- case: of the key, whichever it is
CREATE TABLE t (x int REFERENCES p, y int);
-- case: of another column
CREATE TABLE t (x int, y int REFERENCES p (id));
-- case: to another column
CREATE TABLE t (x int REFERENCES p (a), y int);
-- case: to what isn't there
CREATE TABLE t (x int REFERENCES "No One" (id), y int);
-- case: of two
CREATE TABLE t (x int, y int, FOREIGN KEY (x, y) REFERENCES p (a, b));
-- case: of two in another order
CREATE TABLE t (x int, y int, FOREIGN KEY (y, x) REFERENCES p (a, b));
-- case: on delete
CREATE TABLE t (x int REFERENCES p (id) ON DELETE SET NULL, y int);
-- case: on delete cascade
CREATE TABLE t (x int REFERENCES p (id) ON DELETE CASCADE, y int);
-- case: on update
CREATE TABLE t (x int REFERENCES p (id) ON UPDATE SET DEFAULT, y int);
-- case: restricted
CREATE TABLE t (x int REFERENCES p (id) ON UPDATE RESTRICT ON DELETE RESTRICT, y int);
-- case: match
CREATE TABLE t (x int REFERENCES p (id) MATCH FULL, y int);
-- case: deferrable
CREATE TABLE t (x int REFERENCES p (id) DEFERRABLE INITIALLY IMMEDIATE, y int);
-- case: deferred
CREATE TABLE t (x int REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED NOT NULL, y int);
-- case: deferred behind all columns
CREATE TABLE t (x int, y int, FOREIGN KEY (x) REFERENCES p (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
-- case: with a name
CREATE TABLE t (x int CONSTRAINT fk REFERENCES p (id), y int);
-- case: two of one column
CREATE TABLE t (x int REFERENCES p (id) REFERENCES p (a), y int);
-- case: to itself
CREATE TABLE t (x int PRIMARY KEY, y int REFERENCES T (X));
