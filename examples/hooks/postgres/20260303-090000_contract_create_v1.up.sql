CREATE TABLE contracts (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customers (id));
