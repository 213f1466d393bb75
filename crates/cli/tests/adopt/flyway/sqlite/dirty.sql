PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "flyway_schema_history" (
    "installed_rank" INT NOT NULL PRIMARY KEY,
    "version" VARCHAR(50),
    "description" VARCHAR(200) NOT NULL,
    "type" VARCHAR(20) NOT NULL,
    "script" VARCHAR(1000) NOT NULL,
    "checksum" INT,
    "installed_by" VARCHAR(100) NOT NULL,
    "installed_on" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')),
    "execution_time" INT NOT NULL,
    "success" BOOLEAN NOT NULL
);
INSERT INTO flyway_schema_history VALUES(1,'1','create customers','SQL','V1__create_customers.sql',-445664677,'','2026-11-22 04:18:41.985',60,1);
INSERT INTO flyway_schema_history VALUES(2,'1.1','create orders','SQL','V1_1__create_orders.sql',-1303549989,'','2026-11-22 04:18:42.133',24,1);
INSERT INTO flyway_schema_history VALUES(3,'2','seed customers','SQL','V2__seed_customers.sql',-552323030,'','2026-11-22 04:18:42.199',4,1);
INSERT INTO flyway_schema_history VALUES(4,'3','count orders','SQL','V3__count_orders.sql',-1931362895,'','2026-11-22 04:18:42.230',2,1);
INSERT INTO flyway_schema_history VALUES(5,'4','create order totals','SQL','V4__create_order_totals.sql',-1243992254,'','2026-11-22 04:18:42.386',118,0);
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
CREATE TABLE half_done (id INTEGER NOT NULL PRIMARY KEY);
CREATE INDEX "flyway_schema_history_s_idx" ON "flyway_schema_history" ("success");
CREATE INDEX orders_customer ON orders (customer_id);
CREATE TRIGGER orders_count AFTER INSERT ON orders FOR EACH ROW
BEGIN
    UPDATE customers SET order_count = order_count + 1 WHERE id = NEW.customer_id;
END;
COMMIT;
