SET @a = 5, @`odd; name` = 'x;y', @'q' = "z";
CREATE TABLE t (a int, b text);
INSERT INTO t VALUES (@a, CONCAT(@`odd; name`, @'q'));
SELECT a INTO @b FROM t;
INSERT INTO t VALUES (@b := @b + 1, @@session.sql_mode = '');
PREPARE s FROM 'INSERT INTO t VALUES (?, ?)';
EXECUTE s USING @a, @'q';
DEALLOCATE PREPARE s;
INSERT INTO t SELECT LAST_INSERT_ID(), 'x';
