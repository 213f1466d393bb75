SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';
CREATE TABLE "my ""table; x" ("a;b" int, "c" varchar(20) DEFAULT 'back\');
INSERT INTO "my ""table; x" VALUES (1, 'x\');
INSERT INTO "my ""table; x" VALUES (2, 'it''s \');
SET SESSION sql_mode = '';
CREATE TABLE plain (a varchar(20));
INSERT INTO plain VALUES ("it's \"fine\"; here"), ('\'');
SET sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES');
INSERT INTO "plain" VALUES ('ansi; \' again');
