PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));
INSERT INTO refinery_schema_history VALUES(1,'create_customers','2026-11-22T04:26:04.435264777Z','6623305997162807109');
INSERT INTO refinery_schema_history VALUES(2,'create_orders','2026-11-22T04:26:04.435302511Z','2818937821075028599');
INSERT INTO refinery_schema_history VALUES(3,'seed_customers','2026-11-22T04:26:04.435306565Z','5670279840103142156');
INSERT INTO refinery_schema_history VALUES(4,'count_orders','2026-11-22T04:26:04.435310036Z','1136781127588535561');
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
