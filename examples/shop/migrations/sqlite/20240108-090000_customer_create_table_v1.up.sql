CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL CHECK (email LIKE '%_@_%'),
    name TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
