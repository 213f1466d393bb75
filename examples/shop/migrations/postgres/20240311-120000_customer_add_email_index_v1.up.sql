-- Built while customers go on ordering. It can't run in a transaction, so it has a file of its own.
CREATE UNIQUE INDEX CONCURRENTLY customers_email_key ON customers (lower(email));
