-- What is ordered leaves the stock at once; an order for more than there is fails.
CREATE FUNCTION reserve_stock() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE stock SET on_hand = on_hand - NEW.quantity
    WHERE product_id = NEW.product_id AND on_hand >= NEW.quantity;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not enough of product % in stock; % wanted', NEW.product_id, NEW.quantity;
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER order_lines_reserve
    AFTER INSERT ON order_lines
    FOR EACH ROW EXECUTE FUNCTION reserve_stock();
