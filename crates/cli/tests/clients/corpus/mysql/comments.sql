# a comment; with 'a quote
-- another; "one
--	behind a tab;
--
CREATE TABLE t (a int, -- in; it
  b int # and; here
  /* and
     here; ' */
);
INSERT INTO t VALUES (5--2, 5 --2
  ), (1--1,2);
INSERT INTO t VALUES (7, 8); -- behind
/* ; */ INSERT INTO t VALUES (9 /* ' */, 10); # end
/**/
/***/
