CREATE TABLE categories (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO categories (name) SELECT DISTINCT category FROM products ORDER BY category;

ALTER TABLE products ADD COLUMN category_id INTEGER REFERENCES categories (id);

UPDATE products
SET category_id = categories.id
FROM categories
WHERE categories.name = products.category;

ALTER TABLE products DROP COLUMN category;

CREATE INDEX products_category_idx ON products (category_id);
