ALTER TABLE payments DROP CONSTRAINT payments_method_check;
