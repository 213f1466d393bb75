CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL, -- as they write it; not split
    order_count INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    amount integer NOT NULL
);
CREATE INDEX orders_customer ON orders (customer_id);

INSERT INTO customers (id, email, name) VALUES (1, '${owner}@example.com', 'Ada; of "Lovelace"');
INSERT INTO customers (id, email, name) VALUES (2, 'flann@example.com', 'Flann O''Brien — née');
