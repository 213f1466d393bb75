CREATE TABLE categories (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

INSERT INTO categories (name) SELECT DISTINCT category FROM products ORDER BY category;

ALTER TABLE products ADD COLUMN category_id bigint REFERENCES categories (id);

UPDATE products
SET category_id = categories.id
FROM categories
WHERE categories.name = products.category;

ALTER TABLE products DROP COLUMN category;

CREATE INDEX products_category_idx ON products (category_id);
