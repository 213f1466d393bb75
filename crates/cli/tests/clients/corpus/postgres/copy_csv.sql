CREATE TABLE t (a int, b text, c text);
COPY t FROM stdin WITH (FORMAT csv);
1,"quoted, with comma","and ""quotes"""
2,,""
3,"two
lines; 'of text",\N
\.
COPY t FROM stdin WITH CSV HEADER DELIMITER ';' QUOTE '''' NULL 'none';
a;b;c
4;'x;y';none
\.
COPY t (a, b) FROM STDIN (FORMAT CSV, HEADER true, FORCE_NOT_NULL (b));
a,b
5,
\.
