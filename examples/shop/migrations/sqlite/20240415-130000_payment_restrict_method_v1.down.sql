-- Payments by anything again.
-- No ALTER TABLE of SQLite can do that, so the table is rebuilt, step by step as SQLite's documentation of ALTER TABLE
-- has it. driftlock sees to the steps around: foreign keys are off while migrations run, all is one transaction, and
-- PRAGMA foreign_key_check runs before its commit.
DROP VIEW order_summary;

CREATE TABLE new_payments (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    amount_cents INTEGER NOT NULL CHECK (amount_cents <> 0),
    method TEXT NOT NULL,
    paid_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

INSERT INTO new_payments (id, order_id, amount_cents, method, paid_at)
SELECT id, order_id, amount_cents, method, paid_at FROM payments;

DROP TABLE payments;

ALTER TABLE new_payments RENAME TO payments;

CREATE INDEX payments_order_idx ON payments (order_id);

CREATE VIEW order_summary AS
SELECT
    orders.id AS order_id,
    customers.name AS customer,
    orders.status,
    orders.placed_at,
    orders.total_cents,
    coalesce((SELECT sum(payments.amount_cents) FROM payments WHERE payments.order_id = orders.id), 0) AS paid_cents
FROM orders
JOIN customers ON customers.id = orders.customer_id;
