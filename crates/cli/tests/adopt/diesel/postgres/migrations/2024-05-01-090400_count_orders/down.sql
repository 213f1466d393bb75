-- This file should undo anything in `up.sql`
DROP TRIGGER orders_count ON orders;
DROP FUNCTION count_order();
