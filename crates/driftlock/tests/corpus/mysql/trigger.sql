CREATE TABLE t (id int, n int);
CREATE TABLE log (id int);
CREATE FUNCTION twice(x int) RETURNS int DETERMINISTIC RETURN x * 2;
-- case: made
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1;
-- case: same: spelled otherwise
create trigger `tr` before insert on `t` for each row set new.n=1;
-- case: body
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = twice(2);
-- case: timing
CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES (1);
-- case: event update
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW SET NEW.n = 1;
-- case: event delete
CREATE TRIGGER tr BEFORE DELETE ON t FOR EACH ROW INSERT INTO log VALUES (OLD.id);
-- case: another table
CREATE TRIGGER tr BEFORE INSERT ON log FOR EACH ROW SET NEW.id = 1;
-- case: two
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1;
CREATE TRIGGER tr2 BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 2;
-- case: two in the other order
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1;
CREATE TRIGGER tr2 BEFORE INSERT ON t FOR EACH ROW PRECEDES tr SET NEW.n = 2;
-- case: definer
CREATE DEFINER = `nobody here`@`%` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1;
-- case: sql mode
SET sql_mode = 'ANSI_QUOTES';
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW."n" = 1;
-- case: the client's charset
SET NAMES latin1;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1;
-- case: the connection's collation
SET collation_connection = utf8mb4_unicode_ci;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1;
-- case: the database's collation
ALTER DATABASE COLLATE utf8mb4_unicode_ci;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.n = 1;
ALTER DATABASE COLLATE utf8mb4_general_ci;
