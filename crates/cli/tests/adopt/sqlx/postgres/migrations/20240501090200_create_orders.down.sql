-- Add down migration script here
DROP INDEX orders_customer;
DROP TABLE orders;
