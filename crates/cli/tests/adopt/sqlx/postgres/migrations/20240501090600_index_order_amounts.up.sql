-- no-transaction
-- Add up migration script here
CREATE INDEX CONCURRENTLY orders_amount ON orders (amount);
