-- case: made
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (a)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: same: made later, with its method
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE INDEX k USING BTREE ON t (a ASC);
-- case: same: with a method that the engine has not
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (a) USING HASH) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: several columns
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (a, d)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: other order of columns
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (d, a)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: prefix
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (c(10))) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: descending
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (a DESC)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: descending prefix
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (c(10) DESC, a)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: comment
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (a) COMMENT 'it''s') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: ignored (MariaDB)
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (a) IGNORED) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: full text
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, FULLTEXT KEY k (b, c)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: spatial
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, p point NOT NULL, SPATIAL KEY k (p)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: of a memory table
CREATE TABLE t (a int, b varchar(50), d int NOT NULL, KEY k (a)) ENGINE=MEMORY DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: of a memory table, method
CREATE TABLE t (a int, b varchar(50), d int NOT NULL, KEY k (a) USING BTREE) ENGINE=MEMORY DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: unique
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, UNIQUE KEY k (a)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: unique over a long text (MariaDB)
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, UNIQUE KEY k (c)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: primary key
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, PRIMARY KEY (a)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: primary key of two, with a comment
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, PRIMARY KEY (d, b(10)) COMMENT 'x') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: unique with a comment (MariaDB)
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, UNIQUE KEY k (a) COMMENT 'x' IGNORED) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: unique of a memory table, method
CREATE TABLE t (a int, b varchar(50), d int NOT NULL, UNIQUE KEY k (a) USING BTREE, PRIMARY KEY (d) USING BTREE) ENGINE=MEMORY DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: over a virtual column
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, v int AS (d + 1), KEY k (v)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: invisible (MySQL)
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (a) INVISIBLE) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: on an expression (MySQL)
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k ((a + d))) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: on an expression and a column, descending (MySQL)
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, UNIQUE KEY k ((concat(b, 'it\'s')) DESC, a)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: on many values (MySQL)
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, j json, KEY k ((CAST(j->'$.x' AS UNSIGNED ARRAY)))) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: full text with a parser (MySQL)
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, FULLTEXT KEY k (b) WITH PARSER ngram) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: unique, invisible, with a comment (MySQL)
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, UNIQUE KEY k (a) COMMENT 'x' INVISIBLE) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: of a MyISAM table
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (a)) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: of a MyISAM table, blocks
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (a) KEY_BLOCK_SIZE=4096) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- case: of a MyISAM table, unique and primary, with blocks of the table's and their own
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL PRIMARY KEY, UNIQUE KEY k (a) USING BTREE KEY_BLOCK_SIZE=2048 COMMENT 'x', FULLTEXT KEY l (b)) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci KEY_BLOCK_SIZE=4096;
-- case: of an Aria table, blocks (MariaDB)
CREATE TABLE t (a int, b varchar(50), c text, d int NOT NULL, KEY k (a) KEY_BLOCK_SIZE=8192) ENGINE=Aria DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
