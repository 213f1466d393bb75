ALTER TABLE products ADD COLUMN discontinued_at timestamptz;

CREATE INDEX products_on_sale_idx ON products (name) WHERE discontinued_at IS NULL;

COMMENT ON COLUMN products.discontinued_at IS 'Since when it isn''t sold any more; null while it is';
