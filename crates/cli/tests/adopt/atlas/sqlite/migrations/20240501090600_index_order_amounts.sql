-- atlas:txmode none

CREATE INDEX orders_amount ON orders (amount);
VACUUM;
