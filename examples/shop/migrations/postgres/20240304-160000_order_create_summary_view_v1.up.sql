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

COMMENT ON VIEW order_summary IS 'What the back office lists';
