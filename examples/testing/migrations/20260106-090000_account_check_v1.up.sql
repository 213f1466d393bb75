ALTER TABLE accounts ADD CONSTRAINT no_debts CHECK (cents >= 0);
