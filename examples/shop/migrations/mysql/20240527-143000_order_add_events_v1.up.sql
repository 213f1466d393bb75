CREATE TABLE order_events (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id BIGINT UNSIGNED NOT NULL,
    old_status ENUM('placed', 'paid', 'shipped', 'cancelled') NULL,
    new_status ENUM('placed', 'paid', 'shipped', 'cancelled') NOT NULL,
    at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    KEY order_events_order_idx (order_id, at),
    CONSTRAINT order_events_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

-- Orders from before begin their history with where they stand now.
INSERT INTO order_events (order_id, old_status, new_status, at)
SELECT id, NULL, status, placed_at FROM orders;

CREATE TRIGGER orders_log_status AFTER UPDATE ON orders
FOR EACH ROW
BEGIN
    IF OLD.status <> NEW.status THEN
        INSERT INTO order_events (order_id, old_status, new_status) VALUES (NEW.id, OLD.status, NEW.status);
    END IF;
END;
