-- case: made
CREATE TABLE t (id integer);
-- case: same: spelled otherwise
create  table public."t" ( id INT4 );
-- case: unlogged
CREATE UNLOGGED TABLE t (id integer);
