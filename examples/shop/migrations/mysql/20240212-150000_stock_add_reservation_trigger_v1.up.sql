-- What is ordered leaves the stock at once; an order for more than there is fails.
CREATE TRIGGER order_lines_reserve AFTER INSERT ON order_lines
FOR EACH ROW
BEGIN
    DECLARE available INT;
    SELECT on_hand INTO available FROM stock WHERE product_id = NEW.product_id FOR UPDATE;
    IF available IS NULL OR available < NEW.quantity THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not enough in stock; order fewer';
    END IF;
    UPDATE stock SET on_hand = on_hand - NEW.quantity WHERE product_id = NEW.product_id;
END;
