PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE refinery_schema_history(
             version int8 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));
INSERT INTO refinery_schema_history VALUES(20240501090100,'create_customers','2026-11-22T04:26:08.571386034Z','3696305333980658011');
INSERT INTO refinery_schema_history VALUES(20240501090200,'create_orders','2026-11-22T04:26:08.57142884Z','5212861288081700539');
INSERT INTO refinery_schema_history VALUES(20240501090300,'seed_customers','2026-11-22T04:26:08.571434594Z','3526623601548825713');
INSERT INTO refinery_schema_history VALUES(20240501090400,'count_orders','2026-11-22T04:26:08.571439987Z','2081407226599710114');
INSERT INTO refinery_schema_history VALUES(20240501090500,'create_order_totals','2026-11-22T04:26:08.67056854Z','3564661469907526768');
INSERT INTO refinery_schema_history VALUES(20240501090600,'index_order_amounts','2026-11-22T04:26:08.67060913Z','15492248140841588564');
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL, -- as they write it; not split
    order_count INTEGER NOT NULL DEFAULT 0
);
INSERT INTO customers VALUES(1,'ada@example.com','Ada; of "Lovelace"',2);
INSERT INTO customers VALUES(2,'flann@example.com','Flann O''Brien — née',1);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    amount integer NOT NULL
);
INSERT INTO orders VALUES(1,1,250);
INSERT INTO orders VALUES(2,1,100);
INSERT INTO orders VALUES(3,2,75);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE TRIGGER orders_count AFTER INSERT ON orders FOR EACH ROW
BEGIN
    UPDATE customers SET order_count = order_count + 1 WHERE id = NEW.customer_id;
END;
CREATE VIEW order_totals AS SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id;
CREATE INDEX orders_amount ON orders (amount);
COMMIT;
