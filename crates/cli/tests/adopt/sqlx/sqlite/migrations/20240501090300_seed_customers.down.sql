-- Add down migration script here
DELETE FROM customers WHERE id IN (1, 2);
