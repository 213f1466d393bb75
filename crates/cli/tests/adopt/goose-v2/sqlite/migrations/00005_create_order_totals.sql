-- +goose Up
-- SQL in this section is executed when the migration is applied.
CREATE VIEW order_totals AS SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id;
INSERT INTO orders (id, customer_id, amount) VALUES (1, 1, 250), (2, 1, 100), (3, 2, 75);

-- +goose Down
-- SQL in this section is executed when the migration is rolled back.
DELETE FROM orders WHERE id IN (1, 2, 3);
DROP VIEW order_totals;
