-- case: made
CREATE FOREIGN DATA WRAPPER w;

-- case: options
CREATE FOREIGN DATA WRAPPER w OPTIONS (a 'it''s', "B b" 'x=y, z');

-- case: validator
CREATE FOREIGN DATA WRAPPER w VALIDATOR postgresql_fdw_validator;

-- case: handler
CREATE FUNCTION h() RETURNS fdw_handler LANGUAGE internal AS 'bthandler';
CREATE FOREIGN DATA WRAPPER w HANDLER h;

-- case: commented
CREATE FOREIGN DATA WRAPPER w;
COMMENT ON FOREIGN DATA WRAPPER w IS 'what';

-- case: granted on
CREATE FOREIGN DATA WRAPPER w;
GRANT USAGE ON FOREIGN DATA WRAPPER w TO pg_monitor;
