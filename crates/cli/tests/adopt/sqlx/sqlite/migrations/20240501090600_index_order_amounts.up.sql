-- no-transaction
-- Add up migration script here
CREATE INDEX orders_amount ON orders (amount);
VACUUM;
