CREATE TABLE t (id integer PRIMARY KEY, "Name" text);
-- case: made
CREATE VIEW v AS SELECT id, "Name" FROM t WHERE id > 0;
-- case: same: spelled otherwise
create view if not exists main.[v] as
  -- those that count
  select ID, name from "T" /* all */ where `id`>0;
-- case: other
CREATE VIEW v AS SELECT id, "Name" FROM t WHERE id > 1;
-- case: with names for its columns
CREATE VIEW v (a, "B c") AS SELECT id, "Name" FROM t WHERE id > 0;
-- case: with other names for its columns
CREATE VIEW v (a, "b c") AS SELECT id, "Name" FROM t WHERE id > 0;
-- case: with a name in its query
CREATE VIEW v AS SELECT id AS "Id", "Name" FROM t WHERE id > 0;
-- case: with a name in its query in another case
CREATE VIEW v AS SELECT id AS "ID", "Name" FROM t WHERE id > 0;
-- case: with a name in its query without AS
CREATE VIEW v AS SELECT id iD, "Name" FROM t WHERE id > 0;
-- case: other name
CREATE VIEW w AS SELECT id, "Name" FROM t WHERE id > 0;
-- case: of views that come later by name
CREATE VIEW v AS SELECT * FROM w;
CREATE VIEW w AS SELECT id, "Name" FROM t WHERE id > 0;
-- case: recursive
CREATE VIEW v AS WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < 10) SELECT x, count(*) OVER (ORDER BY x) FROM n;
-- case: of what isn't there
CREATE VIEW v AS SELECT * FROM nowhere;
