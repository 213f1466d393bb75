-- Payments only by what the books know.
ALTER TABLE payments
    ADD CONSTRAINT payments_method_check CHECK (method IN ('card', 'transfer', 'gift card'));
