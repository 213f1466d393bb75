CREATE TABLE customers (
    id bigint NOT NULL PRIMARY KEY,
    email varchar(200) NOT NULL UNIQUE,
    name varchar(100) NOT NULL, -- as they write it; not split
    order_count integer NOT NULL DEFAULT 0
);

CREATE TABLE orders (
    id bigint NOT NULL PRIMARY KEY,
    customer_id bigint NOT NULL,
    amount integer NOT NULL,
    KEY orders_customer (customer_id)
);
ALTER TABLE orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id);

INSERT INTO customers (id, email, name) VALUES (1, '${owner}@example.com', 'Ada; of "Lovelace"');
INSERT INTO customers (id, email, name) VALUES (2, 'flann@example.com', 'Flann O''Brien — née');
