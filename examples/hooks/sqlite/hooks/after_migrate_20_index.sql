-- driftlock: tables=customers
REINDEX customers;
ANALYZE customers;
