-- no-transaction
-- Add down migration script here
DROP INDEX orders_amount;
