CREATE TABLE a (n int);
CREATE TABLE b (n int);
CREATE RULE both_of_them AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (new.n); INSERT INTO b VALUES (new.n * 10););
INSERT INTO a VALUES (1), ((2));
CREATE VIEW "begin" AS SELECT n AS "end" FROM a WHERE (n, n) IN ((1, 1), (2, 2));
