ALTER TABLE order_lines DROP COLUMN amount_cents;
