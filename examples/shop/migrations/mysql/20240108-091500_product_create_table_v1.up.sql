CREATE TABLE products (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    sku VARCHAR(32) NOT NULL,
    name VARCHAR(200) NOT NULL,
    price_cents INT NOT NULL COMMENT 'Price of one piece now; what a customer paid stands in order_lines',
    created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    category VARCHAR(64) NOT NULL DEFAULT 'other',
    UNIQUE KEY products_sku_key (sku),
    CONSTRAINT products_price_check CHECK (price_cents >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
