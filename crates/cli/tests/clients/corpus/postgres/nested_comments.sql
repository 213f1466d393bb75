-- a comment; with a 'quote
/* one /* two ; */ still one; ' */
CREATE /* in; the /* midst; */ */ TABLE t (a int /*; /*;*/ */, -- b int;
    c int);/* right behind */-- and another
/**/INSERT INTO t VALUES (1--2
    , 3/* ; */);
INSERT INTO t VALUES (4, 5 */* times */ 2);
/* the last one; has /* no statement */ behind it */
