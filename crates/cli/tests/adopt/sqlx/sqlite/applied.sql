PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(20240501090100,'create customers','2026-11-22 04:26:00',1,X'95908d9a1ac81adf8abae39baae6b50dd707dd50a75819c6115afa4cd84bdb0aab0e566a76e9d227b71d13c7107e8476',4423864);
INSERT INTO _sqlx_migrations VALUES(20240501090200,'create orders','2026-11-22 04:26:00',1,X'a1e9bab0680d49f90c672d5147b86698db628c5f89d75ab92ba2bed4f6adf31257e44fee56944ffb3d779179e696bab5',5282052);
INSERT INTO _sqlx_migrations VALUES(20240501090300,'seed customers','2026-11-22 04:26:00',1,X'dfc5fe873badf28a185d4fd20eacb5819be1cee6fcc09524807113c3b0c732c0021bfe8d71122fe5ade285bccc36fa10',3952774);
INSERT INTO _sqlx_migrations VALUES(20240501090400,'count orders','2026-11-22 04:26:00',1,X'c667de836ff5682a595bb1408e4fd0aae7cce4124cd349e85d3ce52235a9f05456047d8e924c47aff03bb7f705a4ab52',3741670);
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
