-- a comment; with 'a quote
/* ; ' -- */ CREATE TABLE t (a, -- in; it
 b /* and; here */);
INSERT INTO t VALUES (5--2
 , 3); -- behind
/* not /* nested */
INSERT INTO t VALUES (6 /**/, 7);
--
/* the end is not marked
