-- +goose NO TRANSACTION
-- +goose Up
-- SQL in this section is executed when the migration is applied.
CREATE INDEX orders_amount ON orders (amount);
VACUUM;

-- +goose Down
-- SQL in this section is executed when the migration is rolled back.
DROP INDEX orders_amount;
