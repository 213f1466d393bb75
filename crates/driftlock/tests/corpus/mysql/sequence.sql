-- case: made
CREATE SEQUENCE s;
-- case: same: spelled otherwise
create sequence if not exists `s` increment 1 start 1;
SELECT NEXTVAL(s);
-- case: start
CREATE SEQUENCE s START WITH 5;
-- case: increment
CREATE SEQUENCE s INCREMENT BY 2;
-- case: minimum
CREATE SEQUENCE s MINVALUE -5 START 1;
-- case: maximum
CREATE SEQUENCE s MAXVALUE 100;
-- case: cache
CREATE SEQUENCE s CACHE 10;
-- case: no cache
CREATE SEQUENCE s NOCACHE;
-- case: cycle
CREATE SEQUENCE s CYCLE;
-- case: downwards
CREATE SEQUENCE s INCREMENT BY -1;
-- case: comment
CREATE SEQUENCE s COMMENT 'it''s';
-- case: engine
CREATE SEQUENCE s ENGINE=Aria;
