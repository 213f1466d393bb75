CREATE VIEW order_totals AS SELECT customer_id, sum(amount) AS total FROM orders GROUP BY customer_id;
INSERT INTO orders (id, customer_id, amount) VALUES (1, 1, 250), (2, 1, 100), (3, 2, 75);
