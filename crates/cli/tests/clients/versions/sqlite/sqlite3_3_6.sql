BEGIN TRANSACTION;
CREATE TABLE t (a integer primary key, b text);
INSERT INTO "t" VALUES(1,'it''s;');
INSERT INTO "t" VALUES(2,X'00FF');
CREATE TRIGGER tr after insert on t begin update t set b = 'x;'; end;
COMMIT;
