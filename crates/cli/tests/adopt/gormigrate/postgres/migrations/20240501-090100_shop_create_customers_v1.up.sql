CREATE TABLE customers (
    id bigint PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL, -- as they write it; not split
    order_count integer NOT NULL DEFAULT 0
);
