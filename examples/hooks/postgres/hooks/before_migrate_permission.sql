-- driftlock: tables=contracts
-- Only who may sign contracts may change their table.
DO $$
BEGIN
    IF ${driftlock:environment} = 'prod' AND NOT pg_has_role(current_user, 'pg_database_owner', 'MEMBER') THEN
        RAISE EXCEPTION '% may not migrate contracts', current_user
            USING HINT = 'ask the owner of the database for ' || ${driftlock:versions};
    END IF;
END
$$;
