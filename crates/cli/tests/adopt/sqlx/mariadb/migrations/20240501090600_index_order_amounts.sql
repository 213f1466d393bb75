-- Add migration script here
CREATE INDEX orders_amount ON orders (amount);
