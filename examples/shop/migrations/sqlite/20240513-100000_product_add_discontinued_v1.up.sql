ALTER TABLE products ADD COLUMN discontinued_at TEXT;

CREATE INDEX products_on_sale_idx ON products (name) WHERE discontinued_at IS NULL;
