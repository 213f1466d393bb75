DROP TRIGGER orders_log_status;
DROP TABLE order_events;
