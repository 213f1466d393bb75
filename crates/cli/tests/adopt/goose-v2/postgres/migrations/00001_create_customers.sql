-- +goose Up
-- SQL in this section is executed when the migration is applied.
CREATE TABLE customers (
    id bigint PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL, -- as they write it; not split
    order_count integer NOT NULL DEFAULT 0
);

-- +goose Down
-- SQL in this section is executed when the migration is rolled back.
DROP TABLE customers;
