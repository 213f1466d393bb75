DROP INDEX products_on_sale_idx;

ALTER TABLE products DROP COLUMN discontinued_at;
