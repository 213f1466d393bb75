-- +goose Up
CREATE INDEX orders_amount ON orders (amount);

-- +goose Down
DROP INDEX orders_amount ON orders;
