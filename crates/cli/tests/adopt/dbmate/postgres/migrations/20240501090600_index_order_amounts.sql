-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY orders_amount ON orders (amount);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY orders_amount;

