-- case: made
CREATE TABLE t (id int, name varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: same: spelled otherwise
create  table `t` ( ID integer(11) null, name VARCHAR(20) default null ) collate utf8mb4_general_ci;
ALTER TABLE t CHANGE ID id int;
-- case: engine
CREATE TABLE t (id int, name varchar(20)) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: collation
CREATE TABLE t (id int, name varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
-- case: charset
CREATE TABLE t (id int, name varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=latin1;
-- case: comment
CREATE TABLE t (id int, name varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='it''s a \\ "table"';
-- case: row format
CREATE TABLE t (id int, name varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8;
-- case: options (MariaDB)
CREATE TABLE t (id int, name varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci MAX_ROWS=100 MIN_ROWS=1 AVG_ROW_LENGTH=30 STATS_PERSISTENT=1 STATS_AUTO_RECALC=0 STATS_SAMPLE_PAGES=30 CHECKSUM=1 PAGE_COMPRESSED=1 PAGE_COMPRESSION_LEVEL=9 ENCRYPTED=NO;
-- case: data directory (MariaDB)
CREATE TABLE t (id int, name varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci DATA DIRECTORY='/tmp/';
-- case: options of Aria (MariaDB)
CREATE TABLE t (id int, name varchar(20)) ENGINE=Aria DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci TRANSACTIONAL=1;
-- case: of Aria (MariaDB)
CREATE TABLE t (id int, name varchar(20)) ENGINE=Aria DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: of Aria, and not to survive a crash (MariaDB)
CREATE TABLE t (id int, name varchar(20)) ENGINE=Aria TRANSACTIONAL=0 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: options of MyISAM
CREATE TABLE t (id int, name varchar(20)) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci PACK_KEYS=1 DELAY_KEY_WRITE=1;
-- case: versioned (MariaDB)
CREATE TABLE t (id int, name varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci WITH SYSTEM VERSIONING;
-- case: versioned with columns (MariaDB)
CREATE TABLE t (id int, name varchar(20), began timestamp(6) GENERATED ALWAYS AS ROW START, ended timestamp(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (began, ended), PRIMARY KEY (id, ended)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci WITH SYSTEM VERSIONING;
-- case: period (MariaDB)
CREATE TABLE t (id int, name varchar(20), since date, till date, PERIOD FOR valid (since, till), UNIQUE (id, valid WITHOUT OVERLAPS), CHECK (since < till)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: order of columns
CREATE TABLE t (name varchar(20), id int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: options of MySQL (MySQL)
CREATE TABLE t (id int, name varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci MAX_ROWS=100 MIN_ROWS=1 AVG_ROW_LENGTH=30 STATS_PERSISTENT=1 STATS_AUTO_RECALC=0 STATS_SAMPLE_PAGES=30 COMPRESSION='zlib' ENCRYPTION='N';
-- case: a second engine (MySQL)
CREATE TABLE t (id int, name varchar(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci SECONDARY_ENGINE=rapid;
