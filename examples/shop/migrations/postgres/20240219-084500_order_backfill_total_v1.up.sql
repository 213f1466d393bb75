UPDATE orders
SET total_cents = sums.total_cents
FROM (
    SELECT order_id, sum(quantity * price_cents) AS total_cents
    FROM order_lines
    GROUP BY order_id
) AS sums
WHERE sums.order_id = orders.id;
