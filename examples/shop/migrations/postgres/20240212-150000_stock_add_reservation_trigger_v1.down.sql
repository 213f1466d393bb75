DROP TRIGGER order_lines_reserve ON order_lines;
DROP FUNCTION reserve_stock();
