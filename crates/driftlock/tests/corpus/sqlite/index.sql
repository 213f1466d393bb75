CREATE TABLE "T" (a text, b text COLLATE nocase, "C d" int);
-- case: made
CREATE INDEX i ON t (a);
-- case: same: spelled otherwise
create index if not exists main."i" on [T] ( (`A`) COLLATE Binary asc );
-- case: unique
CREATE UNIQUE INDEX i ON t (a);
-- case: other name
CREATE INDEX "I" ON t (a);
-- case: other column
CREATE INDEX i ON t ("c D");
-- case: two columns
CREATE INDEX i ON t (a, b);
-- case: descending
CREATE INDEX i ON t (a DESC);
-- case: collation
CREATE INDEX i ON t (a COLLATE nocase);
-- case: collation against the column's
CREATE INDEX i ON t (b COLLATE binary);
-- case: expression
CREATE INDEX i ON t (lower(a));
-- case: expression in a collation, descending
CREATE INDEX i ON t (lower(a) || 'x' COLLATE nocase DESC, b);
-- case: partial
CREATE INDEX i ON t (a) WHERE b IS NOT NULL AND "C d" IN (1, 2);
-- case: partial otherwise
CREATE INDEX i ON t (a) WHERE b IS NULL;
-- case: everything
CREATE UNIQUE INDEX i ON t (a COLLATE rtrim DESC, "C d" + 1, b) WHERE length(a) > -1;
