CREATE TABLE t (a int, b text, c text);
CREATE TABLE "u v" ("w;" text);
COPY t (a, b, c) FROM stdin;
1	one	\N
2	tab\there	back\\slash
3	quote's "both"; -- no comment	/* neither */
4	line\nbreak	cr\r
5		\x41\101\b
6	\\N	$$;$$
\.

COPY t FROM stdin;
\.

COPY public."u v" ("w;") FROM STDIN;
;
--
\\.
SELECT 1;
\.
-- psql goes on right behind it
copy t (a) from stdin with (format text);
7
\.
SELECT count(*) FROM t;
COPY t (a, b) FROM stdin (DELIMITER '|', NULL 'nil');
8|nil
9|\|
\.
