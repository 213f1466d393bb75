CREATE TABLE order_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    old_status order_status,
    new_status order_status NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX order_events_order_idx ON order_events (order_id, at);

-- Orders from before begin their history with where they stand now.
INSERT INTO order_events (order_id, old_status, new_status, at)
SELECT id, NULL, status, placed_at FROM orders;

CREATE FUNCTION log_order_status() RETURNS trigger
LANGUAGE plpgsql
AS $body$
BEGIN
    INSERT INTO order_events (order_id, old_status, new_status) VALUES (NEW.id, OLD.status, NEW.status);
    RETURN NULL;
END;
$body$;

CREATE TRIGGER orders_log_status
    AFTER UPDATE OF status ON orders
    FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION log_order_status();
