-- +goose Up
CREATE TABLE half_done (id INTEGER NOT NULL PRIMARY KEY);
INSERT INTO no_such_table (id) VALUES (1);

-- +goose Down
DELETE FROM orders WHERE id IN (1, 2, 3);
DROP VIEW order_totals;
