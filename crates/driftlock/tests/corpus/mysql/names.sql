-- case: odd
CREATE TABLE `a.b``c"d'e f` (`select` int PRIMARY KEY, `x.y``z` int, `it's "é"` int, KEY `k ``.` (`x.y``z`), CONSTRAINT `c ``.'` CHECK (`x.y``z` > 0));
CREATE TABLE `größe` (`ä(1)` int, KEY `ä,` (`ä(1)`), CONSTRAINT `f.``k` FOREIGN KEY (`ä(1)`) REFERENCES `a.b``c"d'e f` (`select`));
CREATE VIEW `v.``"'` AS SELECT `x.y``z` AS `q``.` FROM `a.b``c"d'e f`;
CREATE FUNCTION `f.``"` (`p 1` int) RETURNS int RETURN `p 1`;
CREATE TRIGGER `t.``"` BEFORE INSERT ON `größe` FOR EACH ROW SET NEW.`ä(1)` = 1;
CREATE EVENT `e.``"` ON SCHEDULE EVERY 1 DAY DO SELECT 1;
-- case: of 64 letters
CREATE TABLE aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb int);
-- case: reserved words and mixed case
CREATE TABLE `Order` (`Table` int, `KEY` int, `comment` int, `Comment2` int COMMENT 'COMMENT', KEY `KEY` (`KEY`), KEY `PERIOD` (`Table`));
CREATE TABLE `order` (`Column` int) PARTITION BY HASH (`Column`) PARTITIONS 2;
CREATE VIEW `View` AS SELECT `Table` AS `from` FROM `Order`;
-- case: a name that only begins like ours
CREATE TABLE driftlock_history_2 (a int);
CREATE TABLE `mysql.t` (a int);
-- case: letters of four bytes
CREATE TABLE t (a varchar(20) DEFAULT '😀', b varchar(20) AS (concat(a, '😀?')), c varchar(10) DEFAULT (concat('😀', 'a')), CHECK (a <> '😀'));
CREATE VIEW v AS SELECT '😀?é' AS x, a FROM t;
CREATE FUNCTION f() RETURNS text RETURN '😀é?';
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = '😀';
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SET @a = '😀';
-- case: an odd sequence (MariaDB)
CREATE SEQUENCE `s.``"`;
-- case: letters in expressions
CREATE TABLE `größe` (`ä` varchar(20) DEFAULT 'é?', `ö` varchar(20) AS (concat(`ä`, 'ü😀')), CHECK (`ä` <> 'ß'));
