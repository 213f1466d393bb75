INSERT INTO notes (author, body) VALUES ('the house', 'hello');
