CREATE TABLE products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name text NOT NULL,
    price_cents integer NOT NULL CHECK (price_cents >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    category text NOT NULL DEFAULT 'other'
);

COMMENT ON COLUMN products.price_cents IS 'Price of one piece now; what a customer paid stands in order_lines';
