CREATE TABLE payments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders (id),
    amount_cents integer NOT NULL CHECK (amount_cents <> 0),
    method text NOT NULL,
    paid_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX payments_order_idx ON payments (order_id);

COMMENT ON COLUMN payments.amount_cents IS 'Negative for a refund';
