DROP INDEX notes_by_author;
