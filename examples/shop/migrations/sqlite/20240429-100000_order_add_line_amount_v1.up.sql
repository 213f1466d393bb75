-- Virtual: SQLite adds no stored column to a table that exists.
ALTER TABLE order_lines ADD COLUMN amount_cents INTEGER GENERATED ALWAYS AS (quantity * price_cents) VIRTUAL;
