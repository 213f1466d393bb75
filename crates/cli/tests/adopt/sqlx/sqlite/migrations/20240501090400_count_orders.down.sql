-- Add down migration script here
DROP TRIGGER orders_count;
