CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, what varchar(100));
DELIMITER ;;
CREATE DEFINER=CURRENT_USER PROCEDURE everything(IN n int, OUT total int, INOUT word varchar(20))
    COMMENT 'with; a comment'
    SQL SECURITY INVOKER
main: BEGIN
  DECLARE i, j int DEFAULT 0;
  DECLARE done bool DEFAULT false;
  DECLARE name varchar(100);
  DECLARE too_many CONDITION FOR SQLSTATE '45000';
  DECLARE cur CURSOR FOR SELECT what FROM t ORDER BY id;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = true;
  DECLARE EXIT HANDLER FOR too_many, 1062 BEGIN SET total = -1; END;
  IF n IS NULL THEN LEAVE main; ELSEIF n > 100 THEN SIGNAL too_many; ELSE SET total = IF(n > 1, n, 1); END IF;
  WHILE i < n DO
    SET i = i + 1;
    INSERT INTO t (what) VALUES (CONCAT('while ', i, ';'));
  END WHILE;
  again: LOOP
    SET j = j + 1;
    IF j > 2 THEN LEAVE again; END IF;
    ITERATE again;
  END LOOP again;
  REPEAT
    SET i = i - 1;
    INSERT INTO t (what) VALUES (REPEAT('r', i));
  UNTIL i <= 0 END REPEAT;
  CASE n WHEN 1 THEN INSERT INTO t (what) VALUES ('one'); WHEN 2 THEN BEGIN INSERT INTO t (what) VALUES ('two'); END; ELSE BEGIN END; END CASE;
  CASE WHEN n > 1 THEN SET word = CASE word WHEN 'a' THEN 'b' ELSE 'end' END; ELSE SET word = 'none'; END CASE;
  OPEN cur;
  fetching: LOOP
    FETCH cur INTO name;
    IF done THEN LEAVE fetching; END IF;
    BEGIN
      DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
      SET total = total + LENGTH(name);
    END;
  END LOOP;
  CLOSE cur;
  FOR k IN 1..2 DO INSERT INTO t (what) VALUES (CONCAT('for ', k)); END FOR;
  FOR r IN (SELECT id FROM t WHERE id < 3) DO UPDATE t SET what = CONCAT(what, '!') WHERE id = r.id; END FOR;
END main;;
CREATE FUNCTION shout(s varchar(100) CHARACTER SET utf8mb4) RETURNS varchar(100) CHARSET utf8mb4 DETERMINISTIC
BEGIN
  DECLARE r varchar(100);
  SET r = UPPER(s);
  RETURN CASE WHEN r = '' THEN '?' ELSE CONCAT(r, '!') END;
END;;
DELIMITER ;
SET @w = 'a';
CALL everything(2, @total, @w);
INSERT INTO t (what) VALUES (shout(CONCAT('total ', @total, @w)));
