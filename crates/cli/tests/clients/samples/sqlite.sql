-- A database that has one of everything that .dump knows.
PRAGMA foreign_keys = ON;
CREATE TABLE plain (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT DEFAULT 'it''s; "x"', b REAL, c BLOB, d NUMERIC CHECK (d <> ';'), e);
INSERT INTO plain VALUES (5, 'line
break; ''quoted'' and	tab', 1.5, X'00ff0a3b27', 9223372036854775807, NULL), (9, 'ä€😀 -- no /* comment */', -1e300, x'', 0.1, 9e999), (10, char(13) || char(10), 1e-300, zeroblob(3), 'text', -9e999);
CREATE TABLE "odd ""name; [x]" ([a b] TEXT, `c;d` TEXT, "e""f" TEXT DEFAULT 'END;');
INSERT INTO "odd ""name; [x]" VALUES (';', '''', '"');
CREATE TABLE numbered (a INTEGER PRIMARY KEY AUTOINCREMENT);
INSERT INTO numbered VALUES (41); DELETE FROM numbered;
CREATE TABLE keyed (k TEXT COLLATE NOCASE, v INT, PRIMARY KEY (k, v DESC)) WITHOUT ROWID;
INSERT INTO keyed VALUES ('b', 1), ('A', 2);
CREATE TABLE strict_one (a INT, b ANY, c TEXT) STRICT;
INSERT INTO strict_one VALUES (1, X'01', 'x'), (2, 'y', NULL);
CREATE TABLE computed (a INT, b INT AS (a * 2) STORED, c TEXT AS ('x;' || a) VIRTUAL);
INSERT INTO computed (a) VALUES (1), (2);
CREATE TABLE ring_a (id INTEGER PRIMARY KEY, b REFERENCES ring_b DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE ring_b (id INTEGER PRIMARY KEY, a REFERENCES ring_a ON DELETE CASCADE);
BEGIN; INSERT INTO ring_a VALUES (1, 1); INSERT INTO ring_b VALUES (1, 1); COMMIT;
CREATE TABLE nothing_in_it (a);
CREATE UNIQUE INDEX "i;" ON plain (a COLLATE NOCASE DESC, b) WHERE d IS NOT NULL AND a <> ';';
CREATE INDEX by_expression ON plain (lower(a), b + 1);
CREATE VIEW z AS SELECT id, CASE WHEN b > 1 THEN 'x;' ELSE 'END' END AS kind FROM plain;
CREATE VIEW a(one, "two;") AS SELECT * FROM z;
CREATE TABLE log (what TEXT);
CREATE TRIGGER noted AFTER INSERT ON plain WHEN new.a <> ';' BEGIN
  INSERT INTO log VALUES (CASE WHEN new.b > 1 THEN 'big;' ELSE 'END;' END); -- END;
  UPDATE log SET what = 'x' WHERE what = 'never';
END;
CREATE TRIGGER instead INSTEAD OF INSERT ON a BEGIN INSERT INTO log VALUES ('a'); END;
CREATE VIRTUAL TABLE docs USING fts5(title, body, tokenize = 'porter ascii');
INSERT INTO docs VALUES ('one; two', 'running quickly'), ('three', 'it''s');
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1);
INSERT INTO boxes VALUES (1, 0.5, 2.5);
CREATE VIRTUAL TABLE old_docs USING fts4(content);
INSERT INTO old_docs VALUES ('some words');
PRAGMA user_version = 0;
