DROP TRIGGER orders_count;
