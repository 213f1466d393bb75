-- Few orders are open at any time: the index holds those alone.
CREATE INDEX orders_open_idx ON orders (placed_at) WHERE status IN ('placed', 'paid');
