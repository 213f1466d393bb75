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
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL, -- as they write it; not split
    order_count INTEGER NOT NULL DEFAULT 0
);
INSERT INTO customers VALUES(1,'ada@example.com','Ada; of "Lovelace"',0);
INSERT INTO customers VALUES(2,'flann@example.com','Flann O''Brien — née',0);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    amount integer NOT NULL
);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE TRIGGER orders_count AFTER INSERT ON orders FOR EACH ROW
BEGIN
    UPDATE customers SET order_count = order_count + 1 WHERE id = NEW.customer_id;
END;
COMMIT;
