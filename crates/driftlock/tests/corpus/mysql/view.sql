CREATE TABLE a (id int PRIMARY KEY, name varchar(20));
CREATE TABLE b (id int PRIMARY KEY, a int);
CREATE FUNCTION twice(x int) RETURNS int DETERMINISTIC RETURN x * 2;
-- case: made
CREATE VIEW v AS SELECT id FROM a;
-- case: same: spelled otherwise on MySQL (MySQL)
create sql security definer view `v` as select /* all */ a.id from a;
-- case: same: spelled otherwise (MariaDB)
create sql security definer view `v` (`id`) as select /* all */ a.id from a;
-- case: definition
CREATE VIEW v AS SELECT id FROM a WHERE id > 1;
-- case: names of columns
CREATE VIEW v (x) AS SELECT id FROM a;
-- case: algorithm merge
CREATE ALGORITHM = MERGE VIEW v AS SELECT id FROM a;
-- case: algorithm temptable
CREATE ALGORITHM = TEMPTABLE VIEW v AS SELECT id FROM a;
-- case: security
CREATE SQL SECURITY INVOKER VIEW v AS SELECT id FROM a;
-- case: definer
CREATE DEFINER = `nobody here`@`%.example` VIEW v AS SELECT id FROM a;
-- case: check option
CREATE VIEW v AS SELECT id FROM a WHERE id > 1 WITH CASCADED CHECK OPTION;
-- case: local check option
CREATE VIEW v AS SELECT id FROM a WHERE id > 1 WITH LOCAL CHECK OPTION;
-- case: the client's charset
SET NAMES latin1;
CREATE VIEW v AS SELECT id, 'x' AS y FROM a;
-- case: the connection's collation
SET collation_connection = utf8mb4_unicode_ci;
CREATE VIEW v AS SELECT id, 'x' AS y FROM a;
-- case: joins, aliases, functions, subqueries
CREATE VIEW v AS SELECT x.id, b.a, twice(x.id) AS t, (SELECT max(id) FROM b) AS m FROM a x LEFT JOIN b ON b.a = x.id WHERE x.name LIKE '%`a`.%' UNION SELECT 1, 2, 3, 4;
-- case: with
CREATE VIEW v AS WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT * FROM c;
-- case: window
CREATE VIEW v AS SELECT id, row_number() OVER (PARTITION BY name ORDER BY id DESC) AS r FROM a;
-- case: letters
CREATE VIEW v AS SELECT id AS `größe ``x`, 'é''\\' AS y FROM a;
-- case: on views that come later by name
CREATE VIEW z AS SELECT id FROM a;
CREATE VIEW y AS SELECT id FROM z;
CREATE VIEW v AS SELECT y.id FROM y JOIN z ON z.id = y.id;
-- case: on a sequence (MariaDB)
CREATE SEQUENCE seq;
CREATE VIEW v AS SELECT previous value for seq AS n;
