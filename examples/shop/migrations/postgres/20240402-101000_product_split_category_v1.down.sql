DROP INDEX products_category_idx;

ALTER TABLE products ADD COLUMN category text NOT NULL DEFAULT 'other';

UPDATE products
SET category = categories.name
FROM categories
WHERE categories.id = products.category_id;

ALTER TABLE products DROP COLUMN category_id;

DROP TABLE categories;
