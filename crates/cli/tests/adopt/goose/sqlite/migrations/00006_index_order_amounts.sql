-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX orders_amount ON orders (amount);
VACUUM;

-- +goose Down
DROP INDEX orders_amount;
