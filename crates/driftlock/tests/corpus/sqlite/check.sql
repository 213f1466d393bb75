-- case: made
CREATE TABLE t (a int, b int CHECK (a > 0));
-- case: same: behind all columns, without a comma
CREATE TABLE t (a int, b int, CHECK(A>0) ON CONFLICT FAIL);
-- case: same: the comma left out
CREATE TABLE t (a int CHECK (a > 0), b int);
-- case: other
CREATE TABLE t (a int, b int CHECK (a > 1));
-- case: with a name
CREATE TABLE t (a int, b int, CONSTRAINT positive CHECK (a > 0));
-- case: with a name that another has by what it says
CREATE TABLE t (a int, b int, CONSTRAINT "a > 0" CHECK (b > 0), CHECK (a > 0));
-- case: several without commas
CREATE TABLE t (a int, b int, CONSTRAINT x CHECK (a > 0) CHECK (b > 0) CONSTRAINT y UNIQUE (a) UNIQUE (b));
-- case: the same twice
CREATE TABLE t (a int, b int, CHECK (a > 0), CHECK (a > 0));
-- case: what looks like a name and is a string
CREATE TABLE t (a int, b int, CHECK (a IN ('x', 'it''s') AND t.a <> json_extract(b, '$.x')));
-- case: everything
CREATE TABLE t (a int, b int, CHECK (a BETWEEN -1 AND +1 AND NOT b IS DISTINCT FROM a AND (a, b) > (1, 2) AND a->>'x' <> b << 2 | ~a AND a ISNULL AND b NOT LIKE 'x\%' ESCAPE '\' AND a COLLATE nocase = 'Ä'));
