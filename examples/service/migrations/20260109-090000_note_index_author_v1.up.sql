CREATE INDEX notes_by_author ON notes (author);
