DROP INDEX orders_amount ON orders;
