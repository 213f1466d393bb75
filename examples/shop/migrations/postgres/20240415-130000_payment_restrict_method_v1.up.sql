-- Payments only by what the books know. NOT VALID and VALIDATE: the rows are read without keeping writers out.
ALTER TABLE payments
    ADD CONSTRAINT payments_method_check CHECK (method IN ('card', 'transfer', 'gift card')) NOT VALID;

ALTER TABLE payments VALIDATE CONSTRAINT payments_method_check;
