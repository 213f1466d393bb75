DROP INDEX products_on_sale_idx ON products;

ALTER TABLE products DROP COLUMN discontinued_at;
