-- Writes the whole table anew and keeps everybody out meanwhile: done while it was small.
ALTER TABLE order_lines
    ADD COLUMN amount_cents integer GENERATED ALWAYS AS (quantity * price_cents) STORED;
