PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE `atlas_schema_revisions` (`version` text NOT NULL, `description` text NOT NULL, `type` integer NOT NULL DEFAULT 2, `applied` integer NOT NULL DEFAULT 0, `total` integer NOT NULL DEFAULT 0, `executed_at` datetime NOT NULL, `execution_time` integer NOT NULL, `error` text NULL, `error_stmt` text NULL, `hash` text NOT NULL, `partial_hashes` json NULL, `operator_version` text NOT NULL, PRIMARY KEY (`version`));
INSERT INTO atlas_schema_revisions VALUES('20240501090100','create_customers',2,1,1,'2026-11-22 04:36:37.054352927+00:00',520962,'','','SWDTRrCXs3RTfze/62RjZSzgLhwIFMSUDgi3IqxPe5Y=',X'5b2268313a7274735378597835706a414f436c7874454f6479396e7266424653744758676353334a2f3863664b776e453d225d','Atlas CLI - development');
INSERT INTO atlas_schema_revisions VALUES('20240501090200','create_orders',2,2,2,'2026-11-22 04:36:37.073197403+00:00',386946,'','','z1S2Rwo3nW97/4O4Nc/9gjio1dJIjaXFtb8xI78UNWU=',X'5b2268313a652b48696364556c382b2b6c446165314e4745555a4d5a49796b54325747483373413665397469713269513d222c2268313a6c506d6c6f5a6236416c7a6741316e6a767375344a54335056673567335234427863305079546d6e7852453d225d','Atlas CLI - development');
INSERT INTO atlas_schema_revisions VALUES('20240501090300','seed_customers',2,2,2,'2026-11-22 04:36:37.089309849+00:00',242882,'','','C72rflr8SL9ANbaQI6n9yziHseSpCTnBzijrgJgSRZg=',X'5b2268313a584c4e32645a48567a79755a426f69716f2b6248744e6a364854736d5763763156644844687a50777479413d222c2268313a3049396a417430484c6342426d734845584c543876684f486b344f6c4c313631727530753234742b584c553d225d','Atlas CLI - development');
INSERT INTO atlas_schema_revisions VALUES('20240501090400','count_orders',2,1,1,'2026-11-22 04:36:37.105650996+00:00',271626,'','','dwL+f1oKlLuTp+dThZxeqVZc2xsC0/e7pexFmQiafyc=',X'5b2268313a65687738374c725177625556645a58654868586e4a71486b48375067596241655235645846423278462b453d225d','Atlas CLI - development');
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
