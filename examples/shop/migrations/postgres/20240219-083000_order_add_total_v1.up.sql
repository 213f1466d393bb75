-- A column with a constant default is added without writing to the rows; the next migration fills it.
ALTER TABLE orders ADD COLUMN total_cents integer NOT NULL DEFAULT 0;
