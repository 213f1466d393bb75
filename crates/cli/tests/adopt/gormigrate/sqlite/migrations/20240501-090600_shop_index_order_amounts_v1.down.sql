DROP INDEX orders_amount;
