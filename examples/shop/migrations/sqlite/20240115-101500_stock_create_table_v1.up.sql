CREATE TABLE stock (
    product_id INTEGER PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE,
    on_hand INTEGER NOT NULL DEFAULT 0 CHECK (on_hand >= 0)
) STRICT;

-- Every product that exists already gets a row; the first count found 25 of each.
INSERT INTO stock (product_id, on_hand)
SELECT id, 25 FROM products;
