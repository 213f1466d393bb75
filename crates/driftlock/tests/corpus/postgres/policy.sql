CREATE TABLE t (a integer);
-- case: made
CREATE POLICY p ON t USING (a > 0);
-- case: same: spelled otherwise
create policy "p" on public.t as permissive for all to public using ((a) > 0);
-- case: restrictive
CREATE POLICY p ON t AS RESTRICTIVE USING (a > 0);
-- case: command
CREATE POLICY p ON t FOR SELECT USING (a > 0);
-- case: roles
CREATE POLICY p ON t TO pg_monitor, CURRENT_USER USING (a > 0);
-- case: condition
CREATE POLICY p ON t USING (true);
-- case: check
CREATE POLICY p ON t USING (a > 0) WITH CHECK (a > 1);
-- case: comment
CREATE POLICY p ON t USING (a > 0);
COMMENT ON POLICY p ON t IS 'rows';
