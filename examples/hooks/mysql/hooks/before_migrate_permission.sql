-- driftlock: tables=contracts
-- Fails where nobody by this name may grant: INSERT … SELECT of NULL into what is NOT NULL.
CREATE TEMPORARY TABLE may_migrate (who varchar(100) NOT NULL);
INSERT INTO may_migrate
SELECT (SELECT max(grantee) FROM information_schema.user_privileges WHERE is_grantable = 'YES')
FROM (SELECT ${driftlock:environment} AS environment) run
WHERE environment = 'prod';
