CREATE TABLE "odd ""name; it's" ([a;b] TEXT, `c``d` TEXT DEFAULT 'e;f''g', 'quoted' TEXT, "-- no" TEXT);
INSERT INTO "odd ""name; it's" VALUES ('it''s; ', '/* no */', '-- no', 'line
break;');
INSERT INTO [odd "name; it's] ([a;b]) VALUES ('back\'), ("x");
INSERT INTO `odd "name; it's` VALUES (X'00ff3b27', x'', 1e3, -0x1F);
CREATE TABLE [select] ("from" TEXT);
INSERT INTO "select" VALUES (replace('a\nb;', '\n', char(10))), (CAST(X'61003b62' AS TEXT));
