-- The column's collation ignores case, so the key does.
CREATE UNIQUE INDEX customers_email_key ON customers (email);
