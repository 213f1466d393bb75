-- This file should undo anything in `up.sql`
DROP INDEX orders_amount ON orders;
