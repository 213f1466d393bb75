-- Your SQL goes here
CREATE INDEX orders_amount ON orders (amount);
VACUUM;
