ALTER TABLE products ADD COLUMN category VARCHAR(64) NOT NULL DEFAULT 'other';

UPDATE products
JOIN categories ON categories.id = products.category_id
SET products.category = categories.name;

-- The constraint goes first: a key that it needs can't be dropped.
ALTER TABLE products DROP FOREIGN KEY products_category_fkey;

ALTER TABLE products
    DROP KEY products_category_idx,
    DROP COLUMN category_id;

DROP TABLE categories;
