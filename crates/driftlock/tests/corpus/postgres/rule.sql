CREATE TABLE t (a integer);
-- case: made
CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING;
-- case: same: spelled otherwise
create or replace rule "r" as on insert to public.t do instead nothing;
-- case: definition
CREATE RULE r AS ON UPDATE TO t WHERE NEW.a > 0 DO ALSO DELETE FROM t WHERE a = OLD.a;
-- case: disabled
CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING;
ALTER TABLE t DISABLE RULE r;
-- case: comment
CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING;
COMMENT ON RULE r ON t IS 'none';
