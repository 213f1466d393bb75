-- migrate:up
CREATE TABLE half_done (id INTEGER NOT NULL PRIMARY KEY);
INSERT INTO no_such_table (id) VALUES (1);

-- migrate:down
DELETE FROM orders WHERE id IN (1, 2, 3);
DROP VIEW order_totals;

