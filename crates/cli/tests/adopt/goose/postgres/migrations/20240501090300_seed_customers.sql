-- +goose Up
-- +goose ENVSUB ON
INSERT INTO customers (id, email, name) VALUES (1, '${SHOP_OWNER}@example.com', 'Ada; of "Lovelace"');
INSERT INTO customers (id, email, name) VALUES (2, 'flann@example.com', 'Flann O''Brien — née');
-- +goose ENVSUB OFF

-- +goose Down
DELETE FROM customers WHERE id IN (1, 2);
