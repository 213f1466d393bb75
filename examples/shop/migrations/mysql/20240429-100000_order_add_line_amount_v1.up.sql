ALTER TABLE order_lines
    ADD COLUMN amount_cents INT GENERATED ALWAYS AS (quantity * price_cents) VIRTUAL;
