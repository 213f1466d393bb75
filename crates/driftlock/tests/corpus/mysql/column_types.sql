-- case: numbers
CREATE TABLE t (a tinyint, b smallint unsigned, c mediumint, d bigint(7), e decimal(5,2), f float(7,2), g double, h real unsigned, i bit(4) DEFAULT b'101', j boolean NOT NULL DEFAULT true, k serial) ENGINE=InnoDB;
-- case: defaults of numbers
CREATE TABLE t (a tinyint DEFAULT -1, b smallint unsigned DEFAULT 0, e decimal(5,2) NOT NULL DEFAULT 1.5, f float DEFAULT 1e10, g double zerofill DEFAULT 2) ENGINE=InnoDB;
-- case: times
CREATE TABLE t (a date, b time(3), c datetime, d datetime(6), e timestamp NULL, f timestamp NOT NULL, g year, h timestamp(3)) ENGINE=InnoDB;
-- case: defaults of times (MariaDB)
CREATE TABLE t (a date DEFAULT '2020-01-01', c datetime DEFAULT current_timestamp, d datetime(6) DEFAULT now(6) ON UPDATE now(6), e timestamp NULL DEFAULT current_timestamp ON UPDATE current_timestamp, h timestamp(3) NOT NULL DEFAULT '2020-01-01 00:00:00', i date DEFAULT curdate()) ENGINE=InnoDB;
-- case: texts
CREATE TABLE t (a char(3), b varchar(300), c tinytext, d text, e mediumtext, f longtext, g binary(3), h varbinary(7), i tinyblob, j blob, k mediumblob, l longblob, m enum('a','b''c','d"e',''), n set('x','y')) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: collations
CREATE TABLE t (a char(3) COLLATE utf8mb4_bin, b varchar(3) CHARACTER SET latin1, c text CHARACTER SET utf8mb3 COLLATE utf8mb3_unicode_ci, d enum('a') CHARACTER SET ascii, e nchar(4), f varchar(10) CHARACTER SET binary) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: defaults of texts (MariaDB)
CREATE TABLE t (a char(3) DEFAULT '', b varchar(30) NOT NULL DEFAULT 'it''s \\ é "x"', c text DEFAULT 'NULL', d blob DEFAULT 'abc', e varchar(36) DEFAULT uuid(), f varbinary(4) DEFAULT x'00ff', g enum('a','b') DEFAULT 'b', h varchar(9) DEFAULT 'a\nb') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: MariaDB's own (MariaDB)
CREATE TABLE t (a uuid DEFAULT uuid(), b inet4, c inet6 NOT NULL) ENGINE=InnoDB;
-- case: geometry
CREATE TABLE t (a geometry, b point NOT NULL, c polygon, d linestring, e geometrycollection) ENGINE=InnoDB;
-- case: reference system (MariaDB)
CREATE TABLE t (a geometry REF_SYSTEM_ID=4326 NOT NULL, b point NOT NULL, c polygon REF_SYSTEM_ID=1 COMMENT 'c', d linestring, e geometrycollection) ENGINE=InnoDB;
-- case: compressed (MariaDB)
CREATE TABLE t (a varchar(20) COMPRESSED, b text COMPRESSED CHARACTER SET latin1, c blob COMPRESSED NOT NULL COMMENT 'x') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: defaults of times on MySQL (MySQL)
CREATE TABLE t (a date DEFAULT '2020-01-01', c datetime DEFAULT current_timestamp, d datetime(6) DEFAULT now(6) ON UPDATE now(6), e timestamp NULL DEFAULT current_timestamp ON UPDATE current_timestamp, h timestamp(3) NOT NULL DEFAULT '2020-01-01 00:00:00', i date DEFAULT (curdate()), j year DEFAULT 2020, k time DEFAULT '10:00:00') ENGINE=InnoDB;
-- case: defaults of texts on MySQL (MySQL)
CREATE TABLE t (a char(3) DEFAULT '', b varchar(30) NOT NULL DEFAULT 'it''s \\ é "x"', c text DEFAULT ('NULL'), d blob DEFAULT ('abc'), e varchar(36) DEFAULT (uuid()), f varbinary(4) DEFAULT x'00ff', g enum('a','b') DEFAULT 'b', h varchar(9) DEFAULT 'a\nb', i json DEFAULT ('{"a": "it\'s"}'), j varchar(20) DEFAULT 'current_timestamp', k varbinary(4) DEFAULT '0x41', l varchar(9) DEFAULT '😀?') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: reference systems on MySQL (MySQL)
CREATE TABLE t (a geometry NOT NULL SRID 4326, b point SRID 0, c polygon COMMENT 'c', SPATIAL KEY a (a)) ENGINE=InnoDB;
-- case: vectors (MySQL, since 9)
CREATE TABLE t (a vector(3), b vector) ENGINE=InnoDB;
-- case: collations of Unicode 9 (MySQL)
CREATE TABLE t (a char(3) COLLATE utf8mb4_bin, b varchar(3) CHARACTER SET latin1, c text, d varchar(9) COLLATE utf8mb4_ja_0900_as_cs) ENGINE=InnoDB COLLATE=utf8mb4_0900_ai_ci;
