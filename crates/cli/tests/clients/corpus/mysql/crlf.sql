CREATE TABLE t (a text);
INSERT INTO t VALUES ('two
lines');
DELIMITER //
CREATE PROCEDURE p()
BEGIN
  SELECT 1;
END//
DELIMITER ;
-- a comment
INSERT INTO t VALUES ('x');
