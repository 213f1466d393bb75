DROP VIEW IF EXISTS customer_names;
CREATE VIEW customer_names AS SELECT id, name, '${owner}' AS owner FROM customers;
-- once more

