DROP INDEX orders_open_idx ON orders;
