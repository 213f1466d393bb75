-- migrate:up transaction:false
CREATE INDEX orders_amount ON orders (amount);
VACUUM;

-- migrate:down transaction:false
DROP INDEX orders_amount;

