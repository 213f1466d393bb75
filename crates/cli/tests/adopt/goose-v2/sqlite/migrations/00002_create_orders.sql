-- +goose Up
-- SQL in this section is executed when the migration is applied.
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    amount integer NOT NULL
);
CREATE INDEX orders_customer ON orders (customer_id);

-- +goose Down
-- SQL in this section is executed when the migration is rolled back.
DROP INDEX orders_customer;
DROP TABLE orders;
