CREATE TABLE categories (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(64) NOT NULL,
    UNIQUE KEY categories_name_key (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

INSERT INTO categories (name) SELECT DISTINCT category FROM products ORDER BY category;

ALTER TABLE products ADD COLUMN category_id BIGINT UNSIGNED NULL;

UPDATE products
JOIN categories ON categories.name = products.category
SET products.category_id = categories.id;

ALTER TABLE products
    DROP COLUMN category,
    ADD KEY products_category_idx (category_id),
    ADD CONSTRAINT products_category_fkey FOREIGN KEY (category_id) REFERENCES categories (id);
