-- What is ordered leaves the stock at once; an order for more than there is fails.
CREATE TRIGGER order_lines_reserve AFTER INSERT ON order_lines
BEGIN
    SELECT CASE
        WHEN (SELECT on_hand FROM stock WHERE product_id = NEW.product_id) IS NULL
            THEN RAISE(ABORT, 'product is not in stock; add it to the stock first')
        WHEN (SELECT on_hand FROM stock WHERE product_id = NEW.product_id) < NEW.quantity
            THEN RAISE(ABORT, 'not enough in stock')
    END;
    UPDATE stock SET on_hand = on_hand - NEW.quantity WHERE product_id = NEW.product_id;
END;
