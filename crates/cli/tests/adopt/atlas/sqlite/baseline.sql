PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
CREATE TABLE `atlas_schema_revisions` (`version` text NOT NULL, `description` text NOT NULL, `type` integer NOT NULL DEFAULT 2, `applied` integer NOT NULL DEFAULT 0, `total` integer NOT NULL DEFAULT 0, `executed_at` datetime NOT NULL, `execution_time` integer NOT NULL, `error` text NULL, `error_stmt` text NULL, `hash` text NOT NULL, `partial_hashes` json NULL, `operator_version` text NOT NULL, PRIMARY KEY (`version`));
INSERT INTO atlas_schema_revisions VALUES('20240501090200','create_orders',1,0,0,'2026-11-22 04:36:37.942880523+00:00',0,'','','',X'6e756c6c','Atlas CLI - development');
INSERT INTO atlas_schema_revisions VALUES('20240501090300','seed_customers',2,2,2,'2026-11-22 04:36:37.981800343+00:00',272533,'','','C72rflr8SL9ANbaQI6n9yziHseSpCTnBzijrgJgSRZg=',X'5b2268313a584c4e32645a48567a79755a426f69716f2b6248744e6a364854736d5763763156644844687a50777479413d222c2268313a3049396a417430484c6342426d734845584c543876684f486b344f6c4c313631727530753234742b584c553d225d','Atlas CLI - development');
INSERT INTO atlas_schema_revisions VALUES('20240501090400','count_orders',2,1,1,'2026-11-22 04:36:38.003525406+00:00',421197,'','','dwL+f1oKlLuTp+dThZxeqVZc2xsC0/e7pexFmQiafyc=',X'5b2268313a65687738374c725177625556645a58654868586e4a71486b48375067596241655235645846423278462b453d225d','Atlas CLI - development');
CREATE INDEX orders_customer ON orders (customer_id);
CREATE TRIGGER orders_count AFTER INSERT ON orders FOR EACH ROW
BEGIN
    UPDATE customers SET order_count = order_count + 1 WHERE id = NEW.customer_id;
END;
COMMIT;
