-- Your SQL goes here
CREATE INDEX CONCURRENTLY orders_amount ON orders (amount);
