-- case: made (MariaDB)
CREATE TABLE t (a longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin CHECK (json_valid(a)), b int CHECK (b > 0));
-- case: same: the columns were renamed (MariaDB)
CREATE TABLE t (x longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin CHECK (json_valid(x)), y int CHECK (y > 0));
ALTER TABLE t RENAME COLUMN x TO a, RENAME COLUMN y TO b;
