INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', 'Ada; of "Lovelace"');
INSERT INTO customers (id, email, name) VALUES (2, 'flann@example.com', 'Flann O''Brien — née');
