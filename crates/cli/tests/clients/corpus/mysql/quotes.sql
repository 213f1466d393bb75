CREATE TABLE `odd ``name; it's` (`a;b` varchar(50), `c"d` varchar(50) DEFAULT 'e;f''g', `# no` int, `-- no` int);
INSERT INTO `odd ``name; it's` VALUES ('it''s', 'it\'s; \\', 1, 2), ("say ""hi""; 'x'", "a\"b\\", 3, 4);
INSERT INTO `odd ``name; it's` VALUES ('two '
  'parts', 'line
break;', 0, 0), (N'national', _utf8mb4'intro; duced', 0x41, b'101'), (X'4142', 'tab\there \% \_ \Z \0', 1, 1);
INSERT INTO `odd ``name; it's` SELECT '#', '--  x', 1, 2 FROM dual WHERE '/*' <> '*/';
