//! Which catalogs the census is of, and what of them it leaves out.

/// A catalog, and whose its rows are.
pub(super) struct Catalog {
    pub(super) name: &'static str,
    /// The catalog and the number of what a row belongs to, in SQL; `r` is the row.
    pub(super) subject: (&'static str, &'static str),
    /// What of that it says, in SQL, where several rows say something of one.
    pub(super) label: Option<&'static str>,
    /// Which rows count, in SQL. All others are the system's.
    pub(super) rows: &'static str,
}

impl Catalog {
    /// One whose rows are objects, or parts of such, with numbers of their own. Below this number are the system's.
    const fn own(name: &'static str) -> Self {
        Catalog { name, subject: ("", "r.oid"), label: None, rows: "r.oid >= 16384" }
    }

    /// One whose rows say more of something that is in another catalog.
    const fn of(name: &'static str, catalog: &'static str, oid: &'static str) -> Self {
        Catalog { name, subject: (catalog, oid), label: None, rows: "true" }
    }

    const fn label(self, label: &'static str) -> Self {
        Catalog { label: Some(label), ..self }
    }

    const fn rows(self, rows: &'static str) -> Self {
        Catalog { rows, ..self }
    }
}

/// Every catalog with something in it that makes a schema.
pub(super) const CATALOGS: &[Catalog] = &[
    // The schema public is there from the beginning, and is changed like any other.
    Catalog::own("pg_namespace").rows("r.oid >= 16384 OR r.oid = 2200"),
    Catalog::own("pg_class"),
    Catalog::of("pg_attribute", "'pg_class'", "r.attrelid")
        .label(
            "CASE WHEN (SELECT c.relkind FROM pg_class c WHERE c.oid = r.attrelid) IN ('i', 'I') THEN 'key ' || r.attnum \
             ELSE 'column ' || r.attname END",
        )
        // Those of sequences and of what large values are kept in are always the same.
        .rows(
            "r.attrelid >= 16384 AND r.attnum > 0 AND NOT r.attisdropped \
             AND (SELECT c.relkind FROM pg_class c WHERE c.oid = r.attrelid) NOT IN ('S', 't')",
        ),
    Catalog::of("pg_attrdef", "'pg_class'", "r.adrelid")
        .label("'column ' || (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = r.adrelid AND a.attnum = r.adnum)")
        .rows("r.adrelid >= 16384"),
    Catalog::own("pg_constraint"),
    Catalog::of("pg_index", "'pg_class'", "r.indexrelid").rows("r.indexrelid >= 16384"),
    Catalog::of("pg_inherits", "'pg_class'", "r.inhrelid").label("r.inhparent::regclass::text"),
    Catalog::of("pg_partitioned_table", "'pg_class'", "r.partrelid"),
    Catalog::of("pg_sequence", "'pg_class'", "r.seqrelid"),
    Catalog::own("pg_type"),
    Catalog::of("pg_enum", "'pg_type'", "r.enumtypid").label("r.enumlabel"),
    Catalog::of("pg_range", "'pg_type'", "r.rngtypid").rows("r.rngtypid >= 16384"),
    Catalog::own("pg_collation"),
    Catalog::own("pg_cast"),
    Catalog::own("pg_conversion"),
    Catalog::own("pg_operator"),
    Catalog::own("pg_opclass"),
    Catalog::own("pg_opfamily"),
    Catalog::own("pg_amop"),
    Catalog::own("pg_amproc"),
    Catalog::own("pg_am"),
    Catalog::own("pg_proc"),
    Catalog::of("pg_aggregate", "'pg_proc'", "r.aggfnoid::oid").rows("r.aggfnoid::oid >= 16384"),
    Catalog::own("pg_language"),
    Catalog::own("pg_transform"),
    Catalog::own("pg_trigger"),
    Catalog::own("pg_event_trigger"),
    Catalog::own("pg_rewrite"),
    Catalog::own("pg_policy"),
    Catalog::own("pg_statistic_ext"),
    Catalog::own("pg_ts_config"),
    Catalog::of("pg_ts_config_map", "'pg_ts_config'", "r.mapcfg")
        .label("concat_ws(' ', r.maptokentype, r.mapseqno)")
        .rows("r.mapcfg >= 16384"),
    Catalog::own("pg_ts_dict"),
    Catalog::own("pg_ts_parser"),
    Catalog::own("pg_ts_template"),
    Catalog::own("pg_foreign_data_wrapper"),
    Catalog::own("pg_foreign_server"),
    // Its table is for administrators alone.
    Catalog::of("pg_user_mappings", "'pg_user_mapping'", "r.umid"),
    Catalog::of("pg_foreign_table", "'pg_class'", "r.ftrelid"),
    Catalog::own("pg_publication"),
    Catalog::of("pg_publication_rel", "'pg_publication'", "r.prpubid").label("'table ' || r.prrelid::regclass"),
    Catalog::of("pg_publication_namespace", "'pg_publication'", "r.pnpubid").label("'schema ' || r.pnnspid::regnamespace"),
    Catalog::own("pg_subscription")
        .rows("r.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"),
    Catalog::own("pg_default_acl"),
    Catalog::own("pg_extension"),
    // What was noted when the server was set up isn't anybody's, but for the schema public.
    Catalog::of("pg_description", "r.classoid::regclass::text", "r.objoid")
        .label(SUBOBJECT)
        .rows("r.objoid >= 16384 OR (r.objoid = 2200 AND r.classoid = 'pg_namespace'::regclass)"),
    Catalog::of("pg_seclabel", "r.classoid::regclass::text", "r.objoid").label("concat(r.provider, ' ' || nullif(r.objsubid, 0))"),
    // What belongs to what is told by other catalogs, but for these.
    Catalog::of("pg_depend", "r.classid::regclass::text", "r.objid")
        .label("CASE r.deptype WHEN 'x' THEN (pg_identify_object(r.refclassid, r.refobjid, 0)).identity ELSE 'owner' END")
        .rows(
            "r.deptype = 'x' OR (r.deptype = 'a' AND r.classid = 'pg_class'::regclass AND r.refclassid = 'pg_class'::regclass \
             AND r.refobjsubid > 0 AND (SELECT c.relkind FROM pg_class c WHERE c.oid = r.objid) = 'S')",
        ),
];

const SUBOBJECT: &str = "CASE WHEN r.objsubid <> 0 THEN 'column ' || \
    (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = r.objoid AND a.attnum = r.objsubid) END";

/// Catalogs that the census doesn't look at, and why. A catalog that is in neither list is one that a newer server brought: when a user has
/// something in it, the census says so.
pub(super) const LEFT_OUT_CATALOGS: &[(&str, &str)] = &[
    ("pg_auth_members", "of the whole server"),
    ("pg_authid", "of the whole server"),
    ("pg_database", "the database itself: what it has is given to a scratch database when that is made"),
    ("pg_db_role_setting", "settings of the database and of roles, no objects in it"),
    ("pg_init_privs", "what grants are compared with"),
    ("pg_largeobject", "data"),
    ("pg_largeobject_metadata", "data"),
    ("pg_parameter_acl", "of the whole server"),
    ("pg_replication_origin", "of the whole server"),
    ("pg_shdepend", "of the whole server"),
    ("pg_shdescription", "of the whole server"),
    ("pg_shseclabel", "of the whole server"),
    ("pg_statistic", "statistics"),
    ("pg_statistic_ext_data", "statistics"),
    ("pg_subscription_rel", "how far a subscription has come"),
    ("pg_tablespace", "of the whole server"),
    ("pg_user_mapping", "read through pg_user_mappings, which shows what one may see"),
];

/// Columns that the census leaves out, and why. `*` is every catalog.
pub(super) const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("*", "oid", NUMBER),
    ("pg_class", "relfilenode", NUMBER),
    ("pg_class", "reltoastrelid", NUMBER),
    ("pg_class", "relpages", STATISTICS),
    ("pg_class", "reltuples", STATISTICS),
    ("pg_class", "relallvisible", STATISTICS),
    ("pg_class", "relallfrozen", STATISTICS),
    ("pg_class", "relfrozenxid", STATISTICS),
    ("pg_class", "relminmxid", STATISTICS),
    ("pg_class", "relhasindex", STALE),
    ("pg_class", "relhasrules", STALE),
    ("pg_class", "relhastriggers", STALE),
    ("pg_class", "relhassubclass", STALE),
    ("pg_class", "relnatts", "counts the columns that were dropped"),
    ("pg_class", "relispopulated", "whether a materialized view is filled is data"),
    ("pg_class", "relrewrite", "of a rewrite that runs just now"),
    ("pg_attribute", "attrelid", KEY),
    ("pg_attribute", "attisdropped", "those that were dropped are left out"),
    ("pg_attribute", "attcacheoff", "of the server's memory"),
    ("pg_attribute", "attndims", "written down when the column was made and never looked at; no dump has it"),
    ("pg_attribute", "atthasmissing", "how rows are stored that are older than the column"),
    ("pg_attribute", "attmissingval", "how rows are stored that are older than the column"),
    ("pg_attrdef", "adrelid", KEY),
    ("pg_attrdef", "adnum", KEY),
    ("pg_index", "indexrelid", KEY),
    ("pg_index", "indrelid", KEY),
    ("pg_index", "indcheckxmin", "of the moment after the index was made"),
    ("pg_inherits", "inhrelid", KEY),
    ("pg_sequence", "seqrelid", KEY),
    ("pg_enum", "enumtypid", KEY),
    ("pg_range", "rngtypid", KEY),
    ("pg_aggregate", "aggfnoid", KEY),
    ("pg_partitioned_table", "partrelid", KEY),
    ("pg_foreign_table", "ftrelid", KEY),
    ("pg_ts_config_map", "mapcfg", KEY),
    ("pg_publication_rel", "prpubid", KEY),
    ("pg_publication_namespace", "pnpubid", KEY),
    ("pg_type", "typarray", "the server makes a type's array with it"),
    ("pg_type", "typndims", "written down when the domain was made and never looked at; no dump has it"),
    ("pg_rewrite", "ev_qual", "in the text that ev_action is printed as"),
    ("pg_collation", "collversion", "of the library on the machine"),
    ("pg_user_mappings", "umid", KEY),
    ("pg_user_mappings", "srvid", NUMBER),
    ("pg_user_mappings", "usename", "umuser's name"),
    ("pg_subscription", "subdbid", NUMBER),
    ("pg_subscription", "subconninfo", "a connection string, which may hold a password"),
    ("pg_subscription", "subskiplsn", "how far a subscription has come"),
    ("pg_description", "objoid", KEY),
    ("pg_description", "classoid", KEY),
    ("pg_description", "objsubid", KEY),
    ("pg_seclabel", "objoid", KEY),
    ("pg_seclabel", "classoid", KEY),
    ("pg_seclabel", "objsubid", KEY),
    ("pg_depend", "classid", KEY),
    ("pg_depend", "objid", KEY),
    ("pg_depend", "objsubid", KEY),
    ("pg_depend", "refclassid", "in the name that refobjid is printed as"),
    ("pg_depend", "refobjsubid", "in the name that refobjid is printed as"),
];

const NUMBER: &str = "a number that the server gave";
const STATISTICS: &str = "statistics and counters";
const STALE: &str = "stays set after its reason is gone";
const KEY: &str = "what the entry is about";

/// Whether a column is left out.
pub(super) fn is_left_out(catalog: &str, column: &str) -> bool {
    LEFT_OUT.iter().any(|(of, name, _)| (*of == catalog || *of == "*") && *name == column)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_is_left_out_and_why() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/census.md")).unwrap();
        let says = |words: &[&str]| page.lines().any(|line| words.iter().all(|word| line.contains(word)));
        for (catalog, column, why) in LEFT_OUT {
            let catalog = if *catalog == "*" { "all".to_owned() } else { format!("`{catalog}`") };
            assert!(says(&[&catalog, &format!("`{column}`"), why]), "{catalog}.{column}: {why}");
        }
        for (catalog, why) in LEFT_OUT_CATALOGS {
            assert!(says(&[&format!("`{catalog}`"), why]), "{catalog}: {why}");
        }
        for catalog in CATALOGS {
            assert!(page.contains(&format!("`{}`", catalog.name)), "{}", catalog.name);
        }
    }
}
