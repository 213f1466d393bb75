-- case: made (MariaDB)
CREATE SEQUENCE s;
-- case: same: spelled otherwise (MariaDB)
create sequence if not exists `s` increment 1 start 1;
SELECT NEXTVAL(s);
-- case: start (MariaDB)
CREATE SEQUENCE s START WITH 5;
-- case: increment (MariaDB)
CREATE SEQUENCE s INCREMENT BY 2;
-- case: minimum (MariaDB)
CREATE SEQUENCE s MINVALUE -5 START 1;
-- case: maximum (MariaDB)
CREATE SEQUENCE s MAXVALUE 100;
-- case: cache (MariaDB)
CREATE SEQUENCE s CACHE 10;
-- case: no cache (MariaDB)
CREATE SEQUENCE s NOCACHE;
-- case: cycle (MariaDB)
CREATE SEQUENCE s CYCLE;
-- case: downwards (MariaDB)
CREATE SEQUENCE s INCREMENT BY -1;
-- case: comment (MariaDB)
CREATE SEQUENCE s COMMENT 'it''s';
-- case: engine (MariaDB)
CREATE SEQUENCE s ENGINE=Aria;
