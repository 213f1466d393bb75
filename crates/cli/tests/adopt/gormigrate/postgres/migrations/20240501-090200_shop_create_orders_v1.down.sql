DROP INDEX orders_customer;
DROP TABLE orders;
