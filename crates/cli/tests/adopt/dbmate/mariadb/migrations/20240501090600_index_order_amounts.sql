-- migrate:up
CREATE INDEX orders_amount ON orders (amount);

-- migrate:down
DROP INDEX orders_amount ON orders;

