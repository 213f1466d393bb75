-- no-transaction
-- Add down migration script here
DROP INDEX CONCURRENTLY orders_amount;
