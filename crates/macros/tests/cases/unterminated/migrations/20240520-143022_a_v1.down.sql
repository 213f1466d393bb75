-- driftlock: no-transaktion
SELECT 1;
