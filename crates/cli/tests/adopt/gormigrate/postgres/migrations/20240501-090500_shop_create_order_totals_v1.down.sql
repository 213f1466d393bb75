DELETE FROM orders WHERE id IN (1, 2, 3);
DROP VIEW order_totals;
