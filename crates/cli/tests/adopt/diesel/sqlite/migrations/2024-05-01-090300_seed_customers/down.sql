-- This file should undo anything in `up.sql`
DELETE FROM customers WHERE id IN (1, 2);
