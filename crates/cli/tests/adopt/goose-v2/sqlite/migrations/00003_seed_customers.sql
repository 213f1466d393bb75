-- +goose Up
-- SQL in this section is executed when the migration is applied.
INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', 'Ada; of "Lovelace"');
INSERT INTO customers (id, email, name) VALUES (2, 'flann@example.com', 'Flann O''Brien — née');

-- +goose Down
-- SQL in this section is executed when the migration is rolled back.
DELETE FROM customers WHERE id IN (1, 2);
