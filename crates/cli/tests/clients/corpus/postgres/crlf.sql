CREATE TABLE t (a int, b text);
COPY t FROM stdin;
1	one
2	\N
\.
INSERT INTO t VALUES (3, 'two
lines');
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$
SELECT 'x
y'::text;
$$;
-- the end
