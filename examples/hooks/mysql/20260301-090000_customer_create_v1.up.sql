CREATE TABLE customers (id integer PRIMARY KEY, email varchar(200) NOT NULL);
INSERT INTO customers VALUES (1, 'Ann@Example.org'), (2, 'ben@example.org');
