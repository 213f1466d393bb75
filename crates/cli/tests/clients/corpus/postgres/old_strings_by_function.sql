SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false);
SELECT pg_catalog.set_config('escape_string_warning', 'off', false);
CREATE TABLE t (a int, b text);
INSERT INTO t VALUES (1, 'it\'s; here');
RESET standard_conforming_strings;
INSERT INTO t VALUES (2, 'back\');
