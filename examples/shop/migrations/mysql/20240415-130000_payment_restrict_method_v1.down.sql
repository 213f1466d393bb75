-- MariaDB, and MySQL from 8.0.19.
ALTER TABLE payments DROP CONSTRAINT payments_method_check;
