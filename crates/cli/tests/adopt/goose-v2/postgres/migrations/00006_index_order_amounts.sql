-- +goose NO TRANSACTION
-- +goose Up
-- SQL in this section is executed when the migration is applied.
CREATE INDEX CONCURRENTLY orders_amount ON orders (amount);

-- +goose Down
-- SQL in this section is executed when the migration is rolled back.
DROP INDEX CONCURRENTLY orders_amount;
