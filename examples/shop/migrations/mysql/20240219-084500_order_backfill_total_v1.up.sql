UPDATE orders
JOIN (
    SELECT order_id, SUM(quantity * price_cents) AS total_cents
    FROM order_lines
    GROUP BY order_id
) AS sums ON sums.order_id = orders.id
SET orders.total_cents = sums.total_cents;
