CREATE TABLE log (id int);
-- case: made
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO INSERT INTO log VALUES (1);
-- case: same: spelled otherwise
create event `e` on schedule every '1' day on completion not preserve enable do insert into log values (1);
-- case: body
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO INSERT INTO log VALUES (2);
-- case: interval
CREATE EVENT e ON SCHEDULE EVERY 2 HOUR DO INSERT INTO log VALUES (1);
-- case: interval of two parts
CREATE EVENT e ON SCHEDULE EVERY '1:30' HOUR_MINUTE DO INSERT INTO log VALUES (1);
-- case: starts
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO INSERT INTO log VALUES (1);
-- case: ends
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' ENDS '2037-02-01 00:00:00' DO INSERT INTO log VALUES (1);
-- case: once
CREATE EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DO INSERT INTO log VALUES (1);
-- case: preserve
CREATE EVENT e ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DO INSERT INTO log VALUES (1);
-- case: disabled
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO INSERT INTO log VALUES (1);
-- case: disabled on replicas
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO INSERT INTO log VALUES (1);
-- case: comment
CREATE EVENT e ON SCHEDULE EVERY 1 DAY COMMENT 'it''s' DO INSERT INTO log VALUES (1);
-- case: definer
CREATE DEFINER = `nobody here`@`%` EVENT e ON SCHEDULE EVERY 1 DAY DO INSERT INTO log VALUES (1);
-- case: time zone
SET time_zone = '+05:00';
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO INSERT INTO log VALUES (1);
-- case: time zone and start
SET time_zone = '+05:00';
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO INSERT INTO log VALUES (1);
-- case: sql mode
SET sql_mode = 'ANSI_QUOTES';
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO INSERT INTO log VALUES (1);
-- case: the client's charset
SET NAMES latin1;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO INSERT INTO log VALUES (1);
-- case: the connection's collation
SET collation_connection = utf8mb4_unicode_ci;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO INSERT INTO log VALUES (1);
-- case: the database's collation
ALTER DATABASE COLLATE utf8mb4_unicode_ci;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO INSERT INTO log VALUES (1);
ALTER DATABASE COLLATE utf8mb4_general_ci;
-- case: starts an hour after it is made
SET time_zone = '-03:00';
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS now() + INTERVAL 1 HOUR DO INSERT INTO log VALUES (1);
