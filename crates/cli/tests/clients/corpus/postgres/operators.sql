CREATE FUNCTION near(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs(a - b) < 2';
CREATE OPERATOR @-/ (LEFTARG = int, RIGHTARG = int, FUNCTION = near);
CREATE OPERATOR #>< (LEFTARG = int, RIGHTARG = int, FUNCTION = near);
CREATE TABLE t AS SELECT 1 @-/ 2 AS a, 1 #>< 5 AS b, '{"a": [1]}'::jsonb #>> '{a,0}' AS c, 5 & ~1 AS d, array[1,2] @> array[1] AS e, 1::int AS f, (array[1,2,3])[1:2] AS g, '[1,2)'::int4range AS h;
