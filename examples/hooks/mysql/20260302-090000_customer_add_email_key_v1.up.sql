ALTER TABLE customers ADD COLUMN email_key varchar(200);
CREATE INDEX customers_email_key ON customers (email_key);
