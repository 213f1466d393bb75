DELETE FROM customers WHERE id IN (1, 2);
