CREATE TABLE t (id integer PRIMARY KEY, "Name" text, b);
CREATE TABLE log (said text);
CREATE VIEW v AS SELECT id, "Name" FROM t;
-- case: made
CREATE TRIGGER r INSERT ON t BEGIN INSERT INTO log VALUES (NEW.id); END;
-- case: same: spelled otherwise
create trigger if not exists main."r" before insert on [T] for each row begin
  insert into "log" values ( new . ID ); -- said
end;
-- case: after
CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.id); END;
-- case: delete
CREATE TRIGGER r BEFORE DELETE ON t BEGIN INSERT INTO log VALUES (OLD.id); END;
-- case: update
CREATE TRIGGER r UPDATE ON t BEGIN INSERT INTO log VALUES (NEW.id); END;
-- case: update of
CREATE TRIGGER r UPDATE OF name, b ON t BEGIN INSERT INTO log VALUES (NEW.id); END;
-- case: update of one
CREATE TRIGGER r UPDATE OF b ON t BEGIN INSERT INTO log VALUES (NEW.id); END;
-- case: when
CREATE TRIGGER r INSERT ON t WHEN NEW.id > 5 AND CASE WHEN NEW.b THEN 1 END BEGIN INSERT INTO log VALUES (NEW.id); END;
-- case: other body
CREATE TRIGGER r INSERT ON t BEGIN INSERT INTO log VALUES ('a;b'); DELETE FROM log WHERE said = 'X' -- the end
 ; END;
-- case: other string in its body
CREATE TRIGGER r INSERT ON t BEGIN INSERT INTO log VALUES ('a;b'); DELETE FROM log WHERE said = 'x'; END;
-- case: on a view
CREATE TRIGGER r INSTEAD OF UPDATE OF id ON v BEGIN UPDATE t SET id = NEW.id WHERE id = OLD.id; SELECT RAISE(ABORT, 'no') WHERE NEW.id IS NULL; END;
