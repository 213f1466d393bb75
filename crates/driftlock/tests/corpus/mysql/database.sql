-- case: made
ALTER DATABASE COLLATE utf8mb4_general_ci;
-- case: collation
ALTER DATABASE COLLATE utf8mb4_unicode_ci;
-- case: charset
ALTER DATABASE CHARACTER SET latin1;
-- case: comment (MariaDB)
ALTER DATABASE COMMENT 'it''s';
-- case: encrypted (MySQL)
ALTER DATABASE DEFAULT ENCRYPTION 'Y';
