CREATE TABLE t (a int, b text);
COPY t FROM stdin;
1	the end of the file ends it
2	too
