-- case: made
CREATE TABLE t (a int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: same: spelled otherwise
CREATE TABLE t (`a` INTEGER NULL DEFAULT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: type
CREATE TABLE t (a bigint) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: unsigned
CREATE TABLE t (a int unsigned) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: zerofill
CREATE TABLE t (a int(5) zerofill) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: not null
CREATE TABLE t (a int NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: default
CREATE TABLE t (a int DEFAULT 5) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: default of an expression
CREATE TABLE t (a int DEFAULT (1 + 2)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: default of a sequence (MariaDB)
CREATE SEQUENCE s;
CREATE TABLE t (a int DEFAULT NEXT VALUE FOR s) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: auto increment
CREATE TABLE t (a int NOT NULL AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO t VALUES (7);
-- case: invisible
CREATE TABLE t (a int INVISIBLE, b int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: comment
CREATE TABLE t (a int COMMENT 'it''s \\ a "column"\n') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: check
CREATE TABLE t (a int CHECK (a > 3)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: comment and check
CREATE TABLE t (a int COMMENT 'COMMENT \'x\'' CHECK (a > 3)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: unversioned (MariaDB)
CREATE TABLE t (a int WITHOUT SYSTEM VERSIONING, b int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci WITH SYSTEM VERSIONING;
-- case: virtual
CREATE TABLE t (a int, b int AS (a + 1)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: stored
CREATE TABLE t (a int, b int AS (a + 1) STORED) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: stored, invisible, with comment
CREATE TABLE t (a int, b varchar(10) CHARSET latin1 AS (concat(a,'x')) STORED INVISIBLE COMMENT 'c') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: json
CREATE TABLE t (a json) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: json in a table of its collation (MariaDB)
CREATE TABLE t (a json NOT NULL DEFAULT '{}', b longtext) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- case: a long text that is not quite json
CREATE TABLE t (a longtext CHECK (json_valid(a))) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: json with another check
CREATE TABLE t (a json CHECK (json_length(a) > 3)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: a key that the server makes (MySQL)
SET sql_generate_invisible_primary_key = 1;
CREATE TABLE t (a int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: not for a second engine (MySQL)
CREATE TABLE t (a int NOT SECONDARY) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: with a default and a comment
CREATE TABLE t (a int DEFAULT 7 COMMENT 'x') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: without a default, not even NULL (MySQL)
CREATE TABLE t (a int) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
ALTER TABLE t ALTER COLUMN a DROP DEFAULT;
-- case: several without a default, and others (MySQL)
CREATE TABLE t (a varchar(40) COMMENT 'DEFAULT', b timestamp NULL, c text, d json, e int DEFAULT 7, f int NOT NULL, g int AS (e), h point, i enum('x'), j varchar(9)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
ALTER TABLE t ALTER COLUMN a DROP DEFAULT, ALTER COLUMN b DROP DEFAULT, ALTER COLUMN d DROP DEFAULT, ALTER COLUMN h DROP DEFAULT, ALTER COLUMN i DROP DEFAULT;
