CREATE TABLE notes (author text NOT NULL, body text NOT NULL);
