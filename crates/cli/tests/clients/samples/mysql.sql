-- A database that has one of everything that mariadb-dump knows.
CREATE TABLE `all types` (
  id int unsigned NOT NULL AUTO_INCREMENT,
  t1 tinyint(1) DEFAULT 1, t2 smallint zerofill, t3 mediumint, t4 bigint unsigned,
  f1 float, f2 double(10,3), f3 decimal(30,10) DEFAULT 1.5,
  b1 bit(9) DEFAULT b'101', bo boolean,
  c1 char(5) DEFAULT 'a;''b', c2 varchar(100) CHARACTER SET latin1 COLLATE latin1_german2_ci, c3 tinytext, c4 text, c5 mediumtext, c6 longtext,
  x1 binary(4), x2 varbinary(300), x3 tinyblob, x4 blob, x5 mediumblob, x6 longblob,
  d1 date, d2 datetime(6), d3 timestamp(3) NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3), d4 time(2), d5 year,
  e1 enum('a','b;','it''s','ü') DEFAULT 'b;', e2 set('x','y','z;z'),
  j json, u uuid, i6 inet6,
  g point NOT NULL, p polygon,
  hidden int INVISIBLE DEFAULT 3,
  v int AS (t1 + 1) VIRTUAL, s int GENERATED ALWAYS AS (t1 * 2 + 1) STORED,
  ex varchar(20) DEFAULT (concat('x', ';')),
  CONSTRAINT `c;1` CHECK (t1 < 100 AND c1 <> ';'),
  CHECK (json_valid(j)),
  PRIMARY KEY (id), UNIQUE KEY `u;` (c1, c2(10) DESC), FULLTEXT KEY words (c4, c5), SPATIAL KEY place (g), KEY ignored (t2) IGNORED
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='it''s; a \\ table' ROW_FORMAT=DYNAMIC;
INSERT INTO `all types` (t1, t2, c1, c2, c4, x1, x2, x4, d1, d2, d3, d4, d5, e1, e2, j, u, i6, g, hidden, b1, f1, f2, f3) VALUES
  (1, 7, 'tab\t', 'größe', 'it''s; "text"\r\n\\ \0 \Z %', 'ab', x'00FF0A0D1A5C2722', x'00', '2020-01-01', '2020-01-01 10:11:12.123456', '2020-06-01 00:00:00.123', '-12:13:14.15', 2020, 'it''s', 'x,z;z', '{"a": "b;\\n\\""}', UUID(), '::1', POINT(1, 2), 9, b'111', 1.5, -2.25, 12345678901234567890.0123456789),
  (0, NULL, '', 'x', '', '', '', '', '1000-01-01', NULL, NULL, NULL, NULL, 'ü', '', NULL, NULL, NULL, POINT(-1.5, 0), NULL, b'0', NULL, 1e5, NULL);
INSERT INTO `all types` (t1, c1, c2, x5, g, c4) SELECT 5, 'all', 'bytes', unhex(group_concat(lpad(hex(seq), 2, '0') ORDER BY seq SEPARATOR '')), POINT(0,0), 'ä€😀; -- # /* */ ` "' FROM seq_0_to_255;
UPDATE `all types` SET u = '123e4567-e89b-12d3-a456-426655440000', d3 = '2020-06-01 00:00:00.123' WHERE id = 1;
CREATE TABLE `back``tick;"` (`select` int PRIMARY KEY, `a b` text COLLATE utf8mb4_bin COMMENT 'c;''') ENGINE=MyISAM DEFAULT CHARSET=utf8mb4;
INSERT INTO `back``tick;"` VALUES (0, 'zero'), (-5, NULL);
CREATE TABLE zero (id int AUTO_INCREMENT PRIMARY KEY, a int) AUTO_INCREMENT=500;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
INSERT INTO zero VALUES (0, 1);
SET sql_mode = DEFAULT;
CREATE TABLE aria (a int, b varchar(10), KEY (a)) ENGINE=Aria TRANSACTIONAL=1;
INSERT INTO aria VALUES (1, 'x'), (2, 'y');
CREATE TABLE nothing_in_it (a int) ENGINE=MEMORY;
CREATE TABLE ucs (a varchar(20)) DEFAULT CHARSET=ucs2;
INSERT INTO ucs VALUES ('ü€;');
CREATE TABLE parted (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (year(at)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE COMMENT 'rest;');
INSERT INTO parted VALUES (1, '1999-01-01'), (2, '2020-01-01');
CREATE TABLE ring_a (id int PRIMARY KEY, b int);
CREATE TABLE ring_b (id int PRIMARY KEY, a int, CONSTRAINT to_a FOREIGN KEY (a) REFERENCES ring_a (id) ON DELETE SET NULL ON UPDATE CASCADE);
ALTER TABLE ring_a ADD CONSTRAINT to_b FOREIGN KEY (b) REFERENCES ring_b (id);
INSERT INTO ring_a VALUES (1, NULL);
INSERT INTO ring_b VALUES (1, 1);
UPDATE ring_a SET b = 1;
CREATE TABLE versioned (a int, b int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING;
INSERT INTO versioned VALUES (1, 1);
CREATE TABLE period_of (a int, s date, e date, PERIOD FOR p (s, e), UNIQUE (a, p WITHOUT OVERLAPS));
INSERT INTO period_of VALUES (1, '2020-01-01', '2021-01-01');
CREATE SEQUENCE counter START WITH 10 INCREMENT BY 5 MAXVALUE 1000 CACHE 7;
SELECT NEXT VALUE FOR counter;
CREATE TABLE from_counter (id int DEFAULT NEXT VALUE FOR counter, a int);

CREATE VIEW z_base AS SELECT id, c1, t1 FROM `all types` WHERE c1 <> ';' WITH CASCADED CHECK OPTION;
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW a_on_top AS SELECT b.id, b.c1 AS `odd;name` FROM z_base b;
CREATE DEFINER=`nobody`@`nowhere` SQL SECURITY DEFINER VIEW of_nobody AS SELECT 1 AS one;
CREATE TABLE log (what varchar(200));
DELIMITER //
CREATE DEFINER=`nobody`@`nowhere` PROCEDURE by_nobody(a int, INOUT b varchar(20) CHARSET latin1) READS SQL DATA COMMENT 'it''s; one' BEGIN SELECT 1; END//
CREATE FUNCTION shout(s text) RETURNS text CHARSET utf8mb4 DETERMINISTIC
BEGIN
  -- a comment; here
  DECLARE r text DEFAULT ';;';
  IF s IS NULL THEN RETURN '#'; END IF;
  RETURN CONCAT(UPPER(s), r, '//$$', "x");
END//
CREATE TRIGGER first_one BEFORE INSERT ON zero FOR EACH ROW BEGIN IF NEW.a > 1 THEN SET NEW.a = CASE WHEN NEW.a > 5 THEN 5 ELSE NEW.a END; END IF; END//
CREATE DEFINER=`nobody`@`nowhere` TRIGGER second_one AFTER DELETE ON zero FOR EACH ROW INSERT INTO log VALUES ('gone;')//
CREATE EVENT each_day ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'it''s; daily' DO BEGIN DELETE FROM log; INSERT INTO log VALUES (';'); END//
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'//
CREATE PROCEDURE other_mode() BEGIN SELECT 'back\' AS "a;b", ';\'; END//
SET sql_mode = 'PIPES_AS_CONCAT'//
CREATE FUNCTION piped() RETURNS varchar(10) DETERMINISTIC RETURN 'a' || ';'//
SET sql_mode = 'ORACLE'//
CREATE PROCEDURE oracles(a int) AS x int := 5; BEGIN SELECT x; END//
CREATE PACKAGE pack AS FUNCTION f RETURN int; END//
CREATE PACKAGE BODY pack AS FUNCTION f RETURN int AS BEGIN RETURN 1; END; END//
DELIMITER ;
SET sql_mode = DEFAULT;
