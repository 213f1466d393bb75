CREATE TABLE order_events (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    old_status TEXT,
    new_status TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

CREATE INDEX order_events_order_idx ON order_events (order_id, at);

-- Orders from before begin their history with where they stand now.
INSERT INTO order_events (order_id, old_status, new_status, at)
SELECT id, NULL, status, placed_at FROM orders;

CREATE TRIGGER orders_log_status AFTER UPDATE OF status ON orders
WHEN OLD.status <> NEW.status
BEGIN
    INSERT INTO order_events (order_id, old_status, new_status) VALUES (NEW.id, OLD.status, NEW.status);
END;
