-- +goose Up
-- SQL in this section is executed when the migration is applied.
CREATE TABLE orders (
    id bigint NOT NULL PRIMARY KEY,
    customer_id bigint NOT NULL,
    amount integer NOT NULL,
    KEY orders_customer (customer_id)
);
ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id);

-- +goose Down
-- SQL in this section is executed when the migration is rolled back.
DROP TABLE orders;
