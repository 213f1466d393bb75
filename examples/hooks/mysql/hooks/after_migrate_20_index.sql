-- driftlock: tables=customers
OPTIMIZE TABLE customers;
