DROP TRIGGER orders_count ON orders;
DROP FUNCTION count_order();
