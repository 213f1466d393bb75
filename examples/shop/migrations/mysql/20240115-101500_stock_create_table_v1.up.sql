CREATE TABLE stock (
    product_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    on_hand INT NOT NULL DEFAULT 0,
    CONSTRAINT stock_on_hand_check CHECK (on_hand >= 0),
    CONSTRAINT stock_product_fkey FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Every product that exists already gets a row; the first count found 25 of each.
INSERT INTO stock (product_id, on_hand)
SELECT id, 25 FROM products;
