-- case: made
CREATE VIRTUAL TABLE s USING fts5(title, body);
-- case: same: spelled otherwise
create virtual table if not exists main."s" using FTS5 ( title ,
  body );
-- case: other arguments
CREATE VIRTUAL TABLE s USING fts5(title, body, tokenize = 'porter ascii', prefix='2 3');
-- case: other module
CREATE VIRTUAL TABLE s USING rtree(id, minx, maxx);
-- case: over a table
CREATE TABLE t (id integer PRIMARY KEY, title, body);
CREATE VIRTUAL TABLE s USING fts5(title, body, content='t', content_rowid=id);
CREATE TRIGGER t_ai AFTER INSERT ON t BEGIN INSERT INTO s (rowid, title, body) VALUES (NEW.id, NEW.title, NEW.body); END;
-- case: a table whose name only begins like its own
CREATE VIRTUAL TABLE s USING fts5(title, body);
CREATE TABLE s_other (a);
