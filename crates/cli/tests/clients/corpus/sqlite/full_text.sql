CREATE VIRTUAL TABLE docs USING fts5(title, body, tokenize = 'porter ascii');
INSERT INTO docs VALUES ('one; two', 'running quickly');
INSERT INTO docs(docs) VALUES ('optimize');
CREATE VIRTUAL TABLE box USING rtree(id, x0, x1);
INSERT INTO box VALUES (1, 0.0, 2.5);
