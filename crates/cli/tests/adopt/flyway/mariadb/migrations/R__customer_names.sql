CREATE OR REPLACE VIEW customer_names AS SELECT id, name, '${owner}' AS owner FROM customers;
