CREATE TABLE payments (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id BIGINT UNSIGNED NOT NULL,
    amount_cents INT NOT NULL COMMENT 'Negative for a refund',
    method VARCHAR(32) NOT NULL,
    paid_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    KEY payments_order_idx (order_id),
    CONSTRAINT payments_amount_check CHECK (amount_cents <> 0),
    CONSTRAINT payments_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
