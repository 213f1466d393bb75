SET standard_conforming_strings = off;
SET escape_string_warning = off;
CREATE TABLE t (a int, b text);
INSERT INTO t VALUES (1, 'it\'s; here');
INSERT INTO t VALUES (2, 'back\\slash'), (3, 'tab\there; '' \'');
INSERT INTO t VALUES (4, E'\';'), (5, $$\';$$);
SET standard_conforming_strings = on;
INSERT INTO t VALUES (6, 'back\');
INSERT INTO t VALUES (7, ';\');
