CREATE TABLE "odd ""name; with -- marks" ("a;b" text, "c'd" text DEFAULT 'e;f''g', U&"d\0061ta" text);
INSERT INTO "odd ""name; with -- marks" VALUES ('', 'it''s; $$ not /* a comment', U&'\0441\043B\043E\043D');
INSERT INTO "odd ""name; with -- marks" VALUES ('two '
    'parts', 'line
break;', $$dollar's 'quotes' ; "too"$$);
INSERT INTO "odd ""name; with -- marks" VALUES (E'es\'caped; \\', E'tab\there', e'\x41\u00e9');
CREATE TABLE bits (a bit(4) DEFAULT B'1010', b bit varying DEFAULT X'1F', n int DEFAULT 1);
INSERT INTO bits DEFAULT VALUES;
SELECT ';' AS "a;b", 1 AS "--";
