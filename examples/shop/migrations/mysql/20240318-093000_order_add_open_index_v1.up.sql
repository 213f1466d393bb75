-- There are no partial indexes here: the status leads, so that open orders stand together.
CREATE INDEX orders_open_idx ON orders (status, placed_at);
