-- driftlock: tables=customers
-- Fills what is empty: rows that were written before the column was there, and by releases that don't know it.
UPDATE customers SET email_key = lower(email) WHERE email_key IS NULL;
