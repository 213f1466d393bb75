ALTER TABLE products
    ADD COLUMN discontinued_at DATETIME(6) NULL COMMENT 'Since when it isn''t sold any more; null while it is';

CREATE INDEX products_on_sale_idx ON products (discontinued_at, name);
