//! The server's own account of a database: what its catalogs and their functions say of every object that isn't the system's.

use driftlock_database::{Census, CensusKey, Error};
use driftlock_schema::{Id, Name};

use crate::session::PostgresSession;
use crate::sql::Values;

/// A kind of object each: its kind, its name, what is said of it. `{users}` stands for the schemas that aren't the system's.
const OBJECTS: &[&str] = &[
    "SELECT 'schema', n.nspname::text, coalesce(n.nspacl::text, '') FROM pg_catalog.pg_namespace n WHERE {users}",
    "SELECT 'relation', c.oid::regclass::text, concat_ws(' ', c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity, \
     c.reloptions::text, c.relacl::text, c.relreplident, pg_catalog.pg_get_partkeydef(c.oid), pg_catalog.pg_get_expr(c.relpartbound, c.oid), \
     (SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {users}",
    "SELECT 'column', c.oid::regclass || '.' || a.attname, concat_ws(' ', a.attnum, pg_catalog.format_type(a.atttypid, a.atttypmod), \
     a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attoptions::text, a.attacl::text, \
     (SELECT l.collname FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation), pg_catalog.pg_get_expr(d.adbin, d.adrelid)) \
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
     WHERE a.attnum > 0 AND NOT a.attisdropped AND {users}",
    "SELECT 'constraint', concat_ws('.', nullif(t.conrelid, 0)::regclass, t.conname), concat_ws(' ', pg_catalog.pg_get_constraintdef(t.oid), t.convalidated) \
     FROM pg_catalog.pg_constraint t JOIN pg_catalog.pg_namespace n ON n.oid = t.connamespace WHERE {users}",
    "SELECT 'index', i.indexrelid::regclass::text, concat_ws(' ', pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident) \
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {users}",
    "SELECT 'view', c.oid::regclass::text, pg_catalog.pg_get_viewdef(c.oid) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND {users}",
    "SELECT 'trigger', t.tgrelid::regclass || '.' || t.tgname, concat_ws(' ', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled) \
     FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE NOT t.tgisinternal AND {users}",
    "SELECT 'rule', r.ev_class::regclass || '.' || r.rulename, concat_ws(' ', pg_catalog.pg_get_ruledef(r.oid), r.ev_enabled) \
     FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE r.rulename <> '_RETURN' AND {users}",
    "SELECT 'routine', p.oid::regprocedure::text, concat_ws(' ', p.prokind, p.proacl::text, \
     CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END, \
     (SELECT concat_ws(' ', g.aggtransfn, g.aggfinalfn, g.aggtranstype::regtype, g.agginitval) FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid = p.oid)) \
     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE {users}",
    "SELECT 'sequence', s.seqrelid::regclass::text, concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle, \
     pg_catalog.pg_sequence_last_value(s.seqrelid)) \
     FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {users}",
    "SELECT 'type', t.oid::regtype::text, concat_ws(' ', t.typtype, t.typacl::text, t.typnotnull, t.typdefault, \
     CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END, \
     (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid), \
     (SELECT concat_ws(' ', r.rngsubtype::regtype, r.rngcanonical, r.rngsubdiff) FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid)) \
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE {users}",
    "SELECT 'policy', concat_ws('.', y.schemaname, y.tablename, y.policyname), y::text FROM pg_catalog.pg_policies y",
    "SELECT 'extension', x.extname::text, x.extversion FROM pg_catalog.pg_extension x",
    // The first number that is nobody's but a user's.
    "SELECT 'comment', pg_catalog.pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description FROM pg_catalog.pg_description d WHERE d.objoid >= 16384",
];

const USERS: &str = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

const TABLES: &str = "SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind = 'r' AND {users} ORDER BY 1";

pub(crate) async fn take(session: &mut PostgresSession) -> Result<Census, Error> {
    let mut sql: Vec<String> = OBJECTS.iter().map(|sql| sql.replace("{users}", USERS)).collect();
    sql.push(TABLES.replace("{users}", USERS));
    let mut results = session.ask(&format!("SET LOCAL search_path = ''; {}", sql.join("; "))).await?;
    let mut census = Census::default();
    for row in results.pop().map(|result| result.rows).unwrap_or_default() {
        census.tables.push(Values(&row).text(0)?);
    }
    for row in results.iter().flat_map(|result| &result.rows) {
        let row = Values(row);
        let said = row.optional(2)?.unwrap_or_default().to_owned();
        census.entries.insert(CensusKey::new(Id::new(row.text(0)?, Name::new(row.text(1)?)), ""), said);
    }
    Ok(census)
}
