-- case: made
CREATE TABLE t (
  a int DEFAULT 5, b text DEFAULT 'five', c DEFAULT -1, d DEFAULT 'word', e DEFAULT x'0AFF', f DEFAULT (abs(-1)), g DEFAULT CURRENT_DATE, h DEFAULT TRUE,
  i AS (a + 1), j AS (a || 'x') STORED,
  "order" int, "Mixed" int, CHECK (a > 0 AND b <> 'Five' OR c IS NOT NULL), CHECK ("order" IN (1, -2) AND "Mixed" = 1),
  CHECK (CASE WHEN a THEN b ELSE - - c END LIKE '%x' AND CAST(a AS text) GLOB 'y*')
);
-- case: same: defaults, operators and names
create table T_ (
  A INT DEFAULT (5), `b` TEXT default ('five'), c default (- 1), d default word, e default X'0aff', f default ( ABS( - 1 ) ), g default (current_date), h default true,
  i generated always as (A+1) virtual, j generated always as ([A]||'x') stored,
  [order] INT, Mixed int, check(A>0 and "b"<>'Five' or "C" is not null), check (`ORDER` in(1,-2)and mixed=1),
  check ( case when A then B else -/* */ - C end like '%x' and cast(A as TEXT) glob 'y*' )
);
ALTER TABLE T_ RENAME TO t;
ALTER TABLE t RENAME A TO a;
-- case: other string
CREATE TABLE t (
  a int DEFAULT 5, b text DEFAULT 'five', c DEFAULT -1, d DEFAULT 'word', e DEFAULT x'0AFF', f DEFAULT (abs(-1)), g DEFAULT CURRENT_DATE, h DEFAULT TRUE,
  i AS (a + 1), j AS (a || 'x') STORED,
  "order" int, "Mixed" int, CHECK (a > 0 AND b <> 'five' OR c IS NOT NULL), CHECK ("order" IN (1, -2) AND "Mixed" = 1),
  CHECK (CASE WHEN a THEN b ELSE - - c END LIKE '%x' AND CAST(a AS text) GLOB 'y*')
);
-- case: other case of a column
CREATE TABLE t (
  a int DEFAULT 5, b text DEFAULT 'five', c DEFAULT -1, d DEFAULT 'word', e DEFAULT x'0AFF', f DEFAULT (abs(-1)), g DEFAULT CURRENT_DATE, h DEFAULT TRUE,
  i AS (a + 1), j AS (a || 'x') STORED,
  "Order" int, "Mixed" int, CHECK (a > 0 AND b <> 'Five' OR c IS NOT NULL), CHECK ("order" IN (1, -2) AND "Mixed" = 1),
  CHECK (CASE WHEN a THEN b ELSE - - c END LIKE '%x' AND CAST(a AS text) GLOB 'y*')
);
