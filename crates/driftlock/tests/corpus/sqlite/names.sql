-- case: made
CREATE TABLE "a ""b"".c" ("x y" int, "select" int, "🐟" int, "o'clock" int, "[b]" int, "`" int, "a.b" int, "KEY" int, "CamelCase" int, "" int,
  PRIMARY KEY ("x y", "select"), UNIQUE ("🐟", "o'clock"), CHECK ("[b]" > "`" AND "a.b" = "KEY" AND "" IS NULL), CONSTRAINT "" CHECK (1));
CREATE INDEX "i ""j""" ON "a ""b"".c" ("CamelCase", "KEY" + 1, "a.b" DESC) WHERE "select" > 0;
CREATE TABLE "order" ("group" int, "table" int, FOREIGN KEY ("group", "table") REFERENCES "a ""b"".c" ("x y", "select"));
CREATE VIEW "v;v" ("a b", "c") AS SELECT "x y", "🐟" FROM "a ""b"".c";
CREATE TRIGGER "t'r" AFTER UPDATE OF "x y", "select" ON "a ""b"".c" WHEN NEW."x y" > OLD."select" BEGIN DELETE FROM "order" WHERE "group" = OLD."x y"; END;
CREATE TABLE driftlock_historyish (a);
CREATE TABLE sqliteish (a);
CREATE TABLE größe ("Ä" int CHECK (Ä > 0), CONSTRAINT ß UNIQUE (Ä) );
-- case: same: in other quotes
CREATE TABLE [a "b".c] ([x y] int, `select` int, 🐟 int, [o'clock] int, `[b]` int, "`" int, `a.b` int, KEY int, CamelCase int, [] int,
  PRIMARY KEY ([x y], `SELECT`), UNIQUE (🐟, [o'clock]), CHECK (`[b]` > "`" AND `a.b` = key AND [] IS NULL), CONSTRAINT [] CHECK (1));
CREATE INDEX [i "j"] ON [a "b".c] (camelcase, Key + 1, [A.b] DESC) WHERE `select` > 0;
CREATE TABLE 'order' ('group' int, 'table' int, FOREIGN KEY ("group", "table") REFERENCES [a "b".c] ([x y], `select`));
CREATE VIEW [v;v] ([a b], c) AS SELECT `x y`, 🐟 FROM [A "B".c];
CREATE TRIGGER [t'r] AFTER UPDATE OF `select`, [X Y] ON [a "b".c] WHEN NEW.`x y` > OLD.[select] BEGIN DELETE FROM [order] WHERE `group` = OLD.[x y]; END;
CREATE TABLE driftlock_historyish (a);
CREATE TABLE sqliteish (a);
CREATE TABLE "größe" (Ä int CHECK ("Ä" > 0), CONSTRAINT "ß" UNIQUE ([Ä]) );
