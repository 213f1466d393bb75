-- driftlock: no-transaction tables=customers
REINDEX TABLE CONCURRENTLY customers;
ANALYZE customers;
