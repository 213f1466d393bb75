-- migrate:up
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    amount integer NOT NULL
);
CREATE INDEX orders_customer ON orders (customer_id);

-- migrate:down
DROP INDEX orders_customer;
DROP TABLE orders;

