-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY orders_amount ON orders (amount);

-- +goose Down
DROP INDEX CONCURRENTLY orders_amount;
