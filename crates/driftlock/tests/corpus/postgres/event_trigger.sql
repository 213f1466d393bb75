CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';

-- case: made
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();

-- case: another event
CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f();

-- case: another function
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION g();

-- case: tags
CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION f();

-- case: disabled
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();
ALTER EVENT TRIGGER e DISABLE;

-- case: on replicas
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();
ALTER EVENT TRIGGER e ENABLE REPLICA;

-- case: always
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();
ALTER EVENT TRIGGER e ENABLE ALWAYS;

-- case: commented
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f();
COMMENT ON EVENT TRIGGER e IS 'what';

-- case: one that lets nothing through
CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
CREATE TABLE t (a integer);
CREATE EVENT TRIGGER "E e" ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION no();
