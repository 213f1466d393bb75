//! Which object a number of the catalogs belongs to, and by what name.

use std::collections::{HashMap, HashSet};

use driftlock_database::Error;
use driftlock_schema::{Id, Name};

use crate::sql::Values;
use crate::wire::ResultSet;

/// What entries are about: an object, and what of it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) object: Id,
    /// Empty for the object itself.
    pub(super) part: String,
}

/// The places of everything that users made, by catalog and number.
#[derive(Default)]
pub(super) struct Places(HashMap<(String, u32), Place>);

/// What is an object in its own right: catalog, number, kind, schema, name, and what tells it from others of the same name. `{users}` stands for:
/// in a schema of users; `{free}`: no member of an extension.
const OBJECTS: &[&str] = &[
    "SELECT 'pg_namespace', r.oid, 'schema', NULL, r.nspname, NULL FROM pg_namespace r \
     WHERE (r.oid >= 16384 OR r.oid = 2200) AND r.nspname !~ '^pg_' AND {free}",
    "SELECT 'pg_class', r.oid, CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' WHEN 'f' THEN 'foreign_table' \
     WHEN 'S' THEN 'sequence' ELSE 'table' END, n.nspname, r.relname, NULL FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace \
     WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {users} AND {free} AND NOT (r.relkind = 'S' AND EXISTS ( \
     SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'i' \
     AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0))",
    // A type's array is no object of its own; a relation's rows' type is that relation's.
    "SELECT 'pg_type', r.oid, CASE r.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range_type' \
     WHEN 'c' THEN 'composite_type' ELSE 'type' END, n.nspname, r.typname, NULL FROM pg_type r JOIN pg_namespace n ON n.oid = r.typnamespace \
     WHERE r.typtype <> 'm' AND {users} AND {free} \
     AND r.oid NOT IN (SELECT e.typarray FROM pg_type e) \
     AND (r.typrelid = 0 OR (SELECT c.relkind FROM pg_class c WHERE c.oid = r.typrelid) = 'c')",
    "SELECT 'pg_collation', r.oid, 'collation', n.nspname, r.collname, NULL \
     FROM pg_collation r JOIN pg_namespace n ON n.oid = r.collnamespace WHERE {users} AND {free}",
    "SELECT 'pg_cast', r.oid, 'cast', NULL, format_type(r.castsource, NULL) || ' AS ' || format_type(r.casttarget, NULL), NULL \
     FROM pg_cast r WHERE r.oid >= 16384 AND {free} \
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = r.oid AND d.deptype = 'i')",
    "SELECT 'pg_conversion', r.oid, 'conversion', n.nspname, r.conname, NULL \
     FROM pg_conversion r JOIN pg_namespace n ON n.oid = r.connamespace WHERE {users} AND {free}",
    "SELECT 'pg_operator', r.oid, 'operator', n.nspname, r.oprname, \
     CASE WHEN r.oprleft = 0 THEN 'NONE' ELSE format_type(r.oprleft, NULL) END || ', ' || \
     CASE WHEN r.oprright = 0 THEN 'NONE' ELSE format_type(r.oprright, NULL) END \
     FROM pg_operator r JOIN pg_namespace n ON n.oid = r.oprnamespace WHERE {users} AND {free}",
    "SELECT 'pg_opclass', r.oid, 'operator_class', n.nspname, r.opcname, m.amname \
     FROM pg_opclass r JOIN pg_namespace n ON n.oid = r.opcnamespace JOIN pg_am m ON m.oid = r.opcmethod WHERE {users} AND {free}",
    // A family of the system's too, when a user put something into it.
    "SELECT 'pg_opfamily', r.oid, 'operator_family', n.nspname, r.opfname, m.amname \
     FROM pg_opfamily r JOIN pg_namespace n ON n.oid = r.opfnamespace JOIN pg_am m ON m.oid = r.opfmethod WHERE ({users} AND {free}) \
     OR EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_opfamily'::regclass AND d.refobjid = r.oid AND d.deptype = 'a' \
     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e') \
     AND d.objid >= 16384 AND r.oid < 16384)",
    "SELECT 'pg_am', r.oid, 'access_method', NULL, r.amname, NULL FROM pg_am r WHERE r.oid >= 16384 AND {free}",
    "SELECT 'pg_proc', r.oid, CASE r.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, n.nspname, r.proname, \
     coalesce((SELECT string_agg(format_type(t.type, NULL), ', ' ORDER BY t.at) \
     FROM unnest(r.proargtypes::oid[]) WITH ORDINALITY AS t (type, at)), '') \
     FROM pg_proc r JOIN pg_namespace n ON n.oid = r.pronamespace WHERE {users} AND {free} AND NOT EXISTS (SELECT FROM pg_depend d \
     WHERE d.classid = 'pg_proc'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'i')",
    "SELECT 'pg_language', r.oid, 'language', NULL, r.lanname, NULL FROM pg_language r WHERE r.oid >= 16384 AND {free}",
    "SELECT 'pg_transform', r.oid, 'transform', NULL, format_type(r.trftype, NULL), l.lanname \
     FROM pg_transform r JOIN pg_language l ON l.oid = r.trflang WHERE r.oid >= 16384 AND {free}",
    "SELECT 'pg_event_trigger', r.oid, 'event_trigger', NULL, r.evtname, NULL FROM pg_event_trigger r WHERE r.oid >= 16384 AND {free}",
    "SELECT 'pg_statistic_ext', r.oid, 'statistics', n.nspname, r.stxname, NULL \
     FROM pg_statistic_ext r JOIN pg_namespace n ON n.oid = r.stxnamespace WHERE {users} AND {free}",
    "SELECT 'pg_ts_config', r.oid, 'text_search_configuration', n.nspname, r.cfgname, NULL \
     FROM pg_ts_config r JOIN pg_namespace n ON n.oid = r.cfgnamespace WHERE {users} AND {free}",
    "SELECT 'pg_ts_dict', r.oid, 'text_search_dictionary', n.nspname, r.dictname, NULL \
     FROM pg_ts_dict r JOIN pg_namespace n ON n.oid = r.dictnamespace WHERE {users} AND {free}",
    "SELECT 'pg_ts_parser', r.oid, 'text_search_parser', n.nspname, r.prsname, NULL \
     FROM pg_ts_parser r JOIN pg_namespace n ON n.oid = r.prsnamespace WHERE {users} AND {free}",
    "SELECT 'pg_ts_template', r.oid, 'text_search_template', n.nspname, r.tmplname, NULL \
     FROM pg_ts_template r JOIN pg_namespace n ON n.oid = r.tmplnamespace WHERE {users} AND {free}",
    "SELECT 'pg_foreign_data_wrapper', r.oid, 'foreign_data_wrapper', NULL, r.fdwname, NULL \
     FROM pg_foreign_data_wrapper r WHERE r.oid >= 16384 AND {free}",
    "SELECT 'pg_foreign_server', r.oid, 'server', NULL, r.srvname, NULL FROM pg_foreign_server r WHERE r.oid >= 16384 AND {free}",
    "SELECT 'pg_user_mapping', r.umid, 'user_mapping', NULL, r.srvname, {role r.umuser} FROM pg_user_mappings r",
    "SELECT 'pg_publication', r.oid, 'publication', NULL, r.pubname, NULL FROM pg_publication r WHERE r.oid >= 16384 AND {free}",
    "SELECT 'pg_subscription', r.oid, 'subscription', NULL, r.subname, NULL \
     FROM pg_subscription r WHERE r.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())",
    "SELECT 'pg_default_acl', r.oid, 'default_privileges', n.nspname, CASE r.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' \
     WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' WHEN 'L' THEN 'large objects' ELSE r.defaclobjtype::text END, \
     {role r.defaclrole} FROM pg_default_acl r LEFT JOIN pg_namespace n ON n.oid = r.defaclnamespace",
    "SELECT 'pg_extension', r.oid, 'extension', NULL, r.extname, NULL FROM pg_extension r WHERE r.oid >= 16384",
];

/// What belongs to an object: catalog, number, the catalog and number of what it belongs to, and what it is there. One that belongs to a part
/// comes after that part.
const PARTS: &[&str] = &[
    "SELECT 'pg_type', r.oid, 'pg_class', r.typrelid, 'rowtype' FROM pg_type r WHERE r.oid >= 16384 AND r.typrelid <> 0",
    "SELECT 'pg_class', r.oid, 'pg_type', r.reltype, '' FROM pg_class r WHERE r.oid >= 16384 AND r.relkind = 'c'",
    "SELECT 'pg_class', r.oid, 'pg_class', x.indrelid, 'index ' || r.relname \
     FROM pg_class r JOIN pg_index x ON x.indexrelid = r.oid WHERE r.oid >= 16384",
    "SELECT 'pg_class', r.oid, 'pg_class', d.refobjid, \
     'identity of ' || (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = d.refobjid AND a.attnum = d.refobjsubid) \
     FROM pg_class r JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'i' \
     AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 WHERE r.oid >= 16384 AND r.relkind = 'S'",
    "SELECT 'pg_class', t.oid, 'pg_class', r.oid, 'toast' FROM pg_class r JOIN pg_class t ON t.oid = r.reltoastrelid WHERE r.oid >= 16384",
    // The copies that a foreign key has of itself for each partition that it refers to have names that the server thinks of.
    "SELECT 'pg_constraint', r.oid, CASE WHEN r.contypid = 0 THEN 'pg_class' ELSE 'pg_type' END, \
     CASE WHEN r.contypid = 0 THEN r.conrelid ELSE r.contypid END, \
     CASE WHEN {copy} THEN concat('constraint ', p.conname, ' to ', r.confrelid::regclass) ELSE 'constraint ' || r.conname END \
     FROM pg_constraint r LEFT JOIN pg_constraint p ON p.oid = r.conparentid WHERE r.oid >= 16384",
    // A constraint's own triggers have numbers in their names.
    "SELECT 'pg_trigger', r.oid, 'pg_constraint', r.tgconstraint, concat('trigger ', r.tgfoid::regproc, ' on ', r.tgrelid::regclass) \
     FROM pg_trigger r WHERE r.oid >= 16384 AND {inner}",
    "SELECT 'pg_trigger', r.oid, 'pg_class', r.tgrelid, 'trigger ' || r.tgname FROM pg_trigger r WHERE r.oid >= 16384 AND NOT {inner}",
    // A range's own functions and its cast are made with it.
    "SELECT 'pg_cast', r.oid, 'pg_type', r.castsource, 'cast to ' || r.casttarget::regtype FROM pg_cast r WHERE r.oid >= 16384 \
     AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = r.oid AND d.deptype = 'i')",
    "SELECT 'pg_proc', r.oid, 'pg_type', d.refobjid, 'constructor ' || r.oid::regprocedure FROM pg_proc r JOIN pg_depend d \
     ON d.classid = 'pg_proc'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'i' WHERE r.oid >= 16384",
    "SELECT 'pg_rewrite', r.oid, 'pg_class', r.ev_class, 'rule ' || r.rulename FROM pg_rewrite r WHERE r.oid >= 16384",
    "SELECT 'pg_policy', r.oid, 'pg_class', r.polrelid, 'policy ' || r.polname FROM pg_policy r WHERE r.oid >= 16384",
    "SELECT 'pg_amop', r.oid, CASE WHEN d.refobjid IS NULL THEN 'pg_opfamily' ELSE 'pg_opclass' END, coalesce(d.refobjid, r.amopfamily), \
     concat_ws(' ', 'operator', r.amopstrategy, r.amoplefttype::regtype, r.amoprighttype::regtype) \
     FROM pg_amop r LEFT JOIN pg_depend d ON d.classid = 'pg_amop'::regclass AND d.objid = r.oid \
     AND d.refclassid = 'pg_opclass'::regclass WHERE r.oid >= 16384",
    "SELECT 'pg_amproc', r.oid, CASE WHEN d.refobjid IS NULL THEN 'pg_opfamily' ELSE 'pg_opclass' END, coalesce(d.refobjid, r.amprocfamily), \
     concat_ws(' ', 'function', r.amprocnum, r.amproclefttype::regtype, r.amprocrighttype::regtype) \
     FROM pg_amproc r LEFT JOIN pg_depend d ON d.classid = 'pg_amproc'::regclass AND d.objid = r.oid \
     AND d.refclassid = 'pg_opclass'::regclass WHERE r.oid >= 16384",
];

/// The same, for ranges of ranges, where the server has such.
const MULTIRANGES: &str =
    "SELECT 'pg_type', r.rngmultitypid, 'pg_type', r.rngtypid, 'multirange' FROM pg_range r WHERE r.rngtypid >= 16384";

const USERS: &str = "(n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')";
const COPY: &str = "(r.conparentid <> 0 AND p.conrelid = r.conrelid)";
pub(super) const INNER: &str = "(r.tgisinternal AND r.tgconstraint <> 0 \
     AND (SELECT k.contype FROM pg_constraint k WHERE k.oid = r.tgconstraint) <> 't')";

impl Places {
    /// The questions about these catalogs, of which [`read`](Self::read) wants the answers. `role` says a role's number in SQL.
    pub(super) fn questions(major: u32, catalogs: &HashSet<&str>, role: impl Fn(&str) -> String) -> Vec<String> {
        let multiranges = (major >= 14).then_some(MULTIRANGES);
        let all = OBJECTS.iter().copied().chain(multiranges).chain(PARTS.iter().copied());
        let all =
            all.map(|sql| (sql.split('\'').nth(1).unwrap_or_default(), sql)).filter(|(catalog, _)| match *catalog {
                "pg_user_mapping" => catalogs.contains("pg_user_mappings"),
                // What users put into the system's is in other catalogs.
                "pg_opfamily" => ["pg_opfamily", "pg_amop", "pg_amproc"].iter().any(|name| catalogs.contains(name)),
                catalog => catalogs.contains(catalog),
            });
        all.map(|(catalog, sql)| {
            let free = format!(
                "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass AND e.objid = r.oid AND e.deptype = 'e')"
            );
            sql.replace("{users}", USERS)
                .replace("{free}", &free)
                .replace("{copy}", COPY)
                .replace("{inner}", INNER)
                .replace("{role r.umuser}", &role("r.umuser"))
                .replace("{role r.defaclrole}", &role("r.defaclrole"))
        })
        .collect()
    }

    /// Reads the answers to [`questions`](Self::questions), in their order.
    pub(super) fn read(answers: &[ResultSet]) -> Result<Self, Error> {
        let mut places = Places::default();
        for row in answers.iter().flat_map(|answer| &answer.rows) {
            let row = Values(row);
            let number = |at| row.parsed(at, |text| text.parse().ok());
            let key = (row.text(0)?, number(1)?);
            let place = if row.0.len() == 6 {
                let (kind, schema, name, signature) = (row.text(2)?, row.maybe(3)?, row.text(4)?, row.maybe(5)?);
                Place { object: Id::new(kind, Name { schema, name, signature }), part: String::new() }
            } else {
                let Some(whole) = places.0.get(&(row.text(2)?, number(3)?)) else { continue };
                Place {
                    object: whole.object.clone(),
                    part: join([whole.part.as_str(), row.optional(4)?.unwrap_or_default()]),
                }
            };
            places.0.insert(key, place);
        }
        Ok(places)
    }

    /// Where a row belongs. Nowhere: it is the system's, or an extension's.
    pub(super) fn of(&self, catalog: &str, oid: u32) -> Option<&Place> {
        self.0.get(&(catalog.to_owned(), oid))
    }
}

/// What isn't empty, with spaces between.
pub(super) fn join<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
