-- case: made
CREATE FUNCTION f(x int) RETURNS int RETURN x + 1;
-- case: same: spelled otherwise
create function `f` ( x INTEGER ) returns INTEGER contains sql not deterministic sql security definer return x+1 /* one more */;
-- case: body
CREATE FUNCTION f(x int) RETURNS int RETURN x + 2;
-- case: parameters
CREATE FUNCTION f(x int, y varchar(10)) RETURNS int RETURN x + 1;
-- case: names of parameters
CREATE FUNCTION f(`the x` int) RETURNS int RETURN `the x` + 1;
-- case: type of a parameter
CREATE FUNCTION f(x bigint unsigned) RETURNS int RETURN x + 1;
-- case: charset of a parameter
CREATE FUNCTION f(x varchar(10) CHARSET latin1) RETURNS int RETURN x + 1;
-- case: enum
CREATE FUNCTION f(x enum('a','b''c')) RETURNS enum('x','y') RETURN 'x';
-- case: returns
CREATE FUNCTION f(x int) RETURNS varchar(20) RETURN x + 1;
-- case: returns of a collation
CREATE FUNCTION f(x int) RETURNS varchar(20) CHARSET utf8mb4 COLLATE utf8mb4_unicode_ci RETURN x + 1;
-- case: deterministic
CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x + 1;
-- case: no sql
CREATE FUNCTION f(x int) RETURNS int NO SQL RETURN x + 1;
-- case: reads sql
CREATE FUNCTION f(x int) RETURNS int READS SQL DATA RETURN x + 1;
-- case: modifies sql
CREATE FUNCTION f(x int) RETURNS int MODIFIES SQL DATA RETURN x + 1;
-- case: security
CREATE FUNCTION f(x int) RETURNS int SQL SECURITY INVOKER RETURN x + 1;
-- case: comment
CREATE FUNCTION f(x int) RETURNS int COMMENT 'it''s' RETURN x + 1;
-- case: definer
CREATE DEFINER = `nobody here`@`%` FUNCTION f(x int) RETURNS int RETURN x + 1;
-- case: sql mode
SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';
CREATE FUNCTION f(x int) RETURNS int RETURN x + 1;
-- case: quoted names under a sql mode
SET sql_mode = 'ANSI_QUOTES';
CREATE FUNCTION "f"("x y" int) RETURNS int COMMENT 'c' RETURN "x y" + 1;
-- case: the client's charset
SET NAMES latin1;
CREATE FUNCTION f(x int) RETURNS int RETURN x + 1;
-- case: the connection's collation
SET collation_connection = utf8mb4_unicode_ci;
CREATE FUNCTION f(x int) RETURNS int RETURN x + 1;
-- case: the database's collation
ALTER DATABASE COLLATE utf8mb4_unicode_ci;
CREATE FUNCTION f(x int) RETURNS int RETURN x + 1;
ALTER DATABASE COLLATE utf8mb4_general_ci;
-- case: aggregate (MariaDB)
DELIMITER //
CREATE AGGREGATE FUNCTION f(x int) RETURNS int
BEGIN
  DECLARE total int DEFAULT 0;
  DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN total;
  LOOP
    FETCH GROUP NEXT ROW;
    SET total = total + x;
  END LOOP;
END//
DELIMITER ;
-- case: a body with all
DELIMITER //
CREATE FUNCTION f(x int) RETURNS int
BEGIN
  -- a note
  DECLARE y int DEFAULT 0;
  WHILE y < x DO SET y = y + 1; END WHILE;
  IF y > 3 THEN RETURN 'größe'; END IF;
  RETURN y;
END//
DELIMITER ;
-- case: procedure
CREATE PROCEDURE f(x int) SELECT x + 1;
-- case: procedure without parameters
CREATE PROCEDURE f() SELECT 1;
-- case: modes of parameters
CREATE PROCEDURE f(OUT x int, INOUT y int) SET x = y;
-- case: all of a procedure
CREATE DEFINER = `nobody here`@`%` PROCEDURE f(x text) DETERMINISTIC READS SQL DATA SQL SECURITY INVOKER COMMENT 'p' SELECT x;
-- case: procedure under another mode, by another client
SET NAMES latin1 COLLATE latin1_bin;
SET sql_mode = 'NO_BACKSLASH_ESCAPES';
CREATE PROCEDURE f(x int) SELECT '\';
-- case: procedure of another collation
ALTER DATABASE COLLATE utf8mb4_unicode_ci;
CREATE PROCEDURE f(x int) SELECT x + 1;
ALTER DATABASE COLLATE utf8mb4_general_ci;
-- case: letters of a client of another charset (MariaDB)
SET NAMES latin1;
EXECUTE IMMEDIATE CONVERT(X'4352454154452046554E4354494F4E2066287820696E74292052455455524E532074657874204348415253455420757466386D62342052455455524E20276772C3B6C39F6520C3A927' USING utf8mb4);
