//! How a column of a catalog is said: numbers by the names that they stand for, trees as the server prints them.

use std::collections::HashMap;

use super::places::INNER;

/// A column of a catalog, as the server describes its own catalogs.
pub(super) struct Column {
    pub(super) catalog: String,
    pub(super) name: String,
    /// Its type, as the server prints it.
    pub(super) kind: String,
}

/// Which catalog a column's numbers are of. Servers from 14 on say so themselves, this is for what they don't say and for those before.
const REFERENCES: &[(&str, &str)] = &[
    ("pg_am", "relam opcmethod opfmethod amopmethod"),
    ("pg_authid", "polroles umuser defaclrole"),
    (
        "pg_class",
        "conrelid confrelid conindid inhparent typrelid partdefid stxrelid tgrelid tgconstrrelid tgconstrindid ev_class polrelid prrelid extconfig",
    ),
    ("pg_collation", "attcollation indcollation partcollation typcollation rngcollation"),
    ("pg_constraint", "conparentid tgconstraint"),
    ("pg_extension", ""),
    ("pg_foreign_data_wrapper", "srvfdw"),
    ("pg_foreign_server", "ftserver"),
    ("pg_language", "prolang trflang"),
    (
        "pg_namespace",
        "relnamespace connamespace typnamespace collnamespace oprnamespace opcnamespace opfnamespace pronamespace stxnamespace \
         cfgnamespace dictnamespace prsnamespace tmplnamespace defaclnamespace extnamespace pnnspid",
    ),
    ("pg_opclass", "indclass partclass rngsubopc"),
    ("pg_operator", "conpfeqop conppeqop conffeqop conexclop oprcom oprnegate amopopr aggsortop"),
    ("pg_opfamily", "opcfamily amopfamily amopsortfamily amprocfamily"),
    (
        "pg_proc",
        "evtfoid tgfoid castfunc lanplcallfoid laninline lanvalidator fdwhandler fdwvalidator trffromsql trftosql amproc conproc",
    ),
    ("pg_tablespace", "reltablespace"),
    ("pg_trigger", "tgparentid"),
    ("pg_ts_dict", "mapdict"),
    ("pg_ts_parser", "cfgparser"),
    ("pg_ts_template", "dicttemplate"),
    (
        "pg_type",
        "reltype reloftype contypid typelem typbasetype rngsubtype rngmultitypid castsource casttarget oprleft oprright oprresult \
         opcintype opckeytype amoplefttype amoprighttype amproclefttype amprocrighttype provariadic prorettype proargtypes proallargtypes \
         protrftypes aggtranstype aggmtranstype trftype seqtypid",
    ),
];

/// Columns that aren't said as their type is. `{sorted …}` and the like don't come here: each is SQL, `r` is the row. Trees are printed by
/// the server, and by its own rules for each.
const SPECIAL: &[(&str, &str, &str)] = &[
    // Holes in the numbers, which dropped columns leave, mean nothing.
    ("pg_attribute", "attnum", "row_number() OVER (PARTITION BY r.attrelid ORDER BY r.attnum)"),
    ("pg_attribute", "atttypid", "format_type(r.atttypid, r.atttypmod)"),
    // The server thinks of the names of what an index has.
    (
        "pg_attribute",
        "attname",
        "CASE WHEN (SELECT c.relkind FROM pg_class c WHERE c.oid = r.attrelid) NOT IN ('i', 'I') THEN r.attname END",
    ),
    // In a partition it only tells how the partition came to be.
    (
        "pg_attribute",
        "attislocal",
        "nullif(r.attislocal AND NOT (SELECT c.relispartition FROM pg_class c WHERE c.oid = r.attrelid), false)",
    ),
    (
        "pg_constraint",
        "conislocal",
        "nullif(r.conislocal AND NOT coalesce((SELECT c.relispartition FROM pg_class c WHERE c.oid = r.conrelid), false), false)",
    ),
    // Of a key it only tells whether it was attached to the partitioned table's; a dump doesn't bring it back.
    ("pg_constraint", "connoinherit", "nullif(r.connoinherit AND r.contype NOT IN ('p', 'u', 'x'), false)"),
    ("pg_attrdef", "adbin", "pg_get_expr(r.adbin, r.adrelid)"),
    // What large values are kept in has the name of a number, and nothing that can be set but options.
    ("pg_class", "relname", "CASE WHEN r.relkind <> 't' THEN r.relname END"),
    ("pg_class", "relpartbound", "pg_get_expr(r.relpartbound, r.oid)"),
    (
        "pg_constraint",
        "conname",
        "CASE WHEN r.conparentid = 0 OR (SELECT p.conrelid FROM pg_constraint p WHERE p.oid = r.conparentid) <> r.conrelid THEN r.conname END",
    ),
    // Of several keys that would do, it is the one that was made first, which a dump changes.
    (
        "pg_constraint",
        "conindid",
        "CASE WHEN r.contype <> 'f' OR (SELECT count(*) FROM pg_index i WHERE i.indrelid = r.confrelid AND i.indisunique AND i.indimmediate \
         AND i.indpred IS NULL AND i.indexprs IS NULL AND ARRAY(SELECT k.item FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (item, at) \
         WHERE k.at <= i.indnkeyatts ORDER BY 1) = ARRAY(SELECT unnest(r.confkey) ORDER BY 1)) < 2 \
         THEN (pg_identify_object('pg_class'::regclass, nullif(r.conindid, 0), 0)).identity END",
    ),
    ("pg_constraint", "conbin", "pg_get_expr(r.conbin, r.conrelid)"),
    ("pg_enum", "enumsortorder", "row_number() OVER (PARTITION BY r.enumtypid ORDER BY r.enumsortorder)"),
    ("pg_index", "indexprs", "pg_get_expr(r.indexprs, r.indrelid)"),
    ("pg_index", "indpred", "pg_get_expr(r.indpred, r.indrelid)"),
    ("pg_partitioned_table", "partexprs", "pg_get_expr(r.partexprs, r.partrelid)"),
    ("pg_policy", "polqual", "pg_get_expr(r.polqual, r.polrelid)"),
    ("pg_policy", "polwithcheck", "pg_get_expr(r.polwithcheck, r.polrelid)"),
    ("pg_proc", "proargdefaults", "pg_get_expr(r.proargdefaults, 0)"),
    ("pg_proc", "prosqlbody", "pg_get_function_sqlbody(r.oid)"),
    ("pg_publication_rel", "prqual", "pg_get_expr(r.prqual, r.prrelid)"),
    (
        "pg_rewrite",
        "ev_action",
        "CASE r.rulename WHEN '_RETURN' THEN pg_get_viewdef(r.ev_class) ELSE pg_get_ruledef(r.oid) END",
    ),
    ("pg_statistic_ext", "stxexprs", "pg_get_expr(r.stxexprs, r.stxrelid)"),
    // Said with the constraint.
    (
        "pg_trigger",
        "tgconstrindid",
        "CASE WHEN NOT r.tgisinternal THEN (pg_identify_object('pg_class'::regclass, nullif(r.tgconstrindid, 0), 0)).identity END",
    ),
    ("pg_trigger", "tgargs", "encode(r.tgargs, 'escape')"),
    ("pg_trigger", "tgqual", "CASE WHEN r.tgqual IS NOT NULL THEN pg_get_triggerdef(r.oid) END"),
    ("pg_type", "typdefaultbin", "pg_get_expr(r.typdefaultbin, 0)"),
    // With the tree beside it, it is printed by the search path of whoever made the type.
    ("pg_type", "typdefault", "CASE WHEN r.typdefaultbin IS NULL THEN r.typdefault END"),
    ("pg_depend", "refobjid", "(pg_identify_object(r.refclassid, r.refobjid, r.refobjsubid)).identity"),
];

/// Lists of numbers of columns, by the relation whose columns they are.
const COLUMN_LISTS: &[(&str, &str, &str)] = &[
    ("pg_constraint", "conkey", "r.conrelid"),
    ("pg_constraint", "confkey", "r.confrelid"),
    ("pg_constraint", "confdelsetcols", "r.conrelid"),
    ("pg_index", "indkey", "r.indrelid"),
    ("pg_partitioned_table", "partattrs", "r.partrelid"),
    ("pg_publication_rel", "prattrs", "r.prrelid"),
    ("pg_statistic_ext", "stxkeys", "r.stxrelid"),
    ("pg_trigger", "tgattr", "r.tgrelid"),
];

/// The columns of which the order within means nothing.
const SORTED: &[&str] = &["reloptions", "proconfig", "evttags", "subpublications"];

/// Says columns.
pub(super) struct Speaker {
    /// The numbers of the roles that the database belongs to.
    selves: String,
    /// The catalog that a column's numbers are of, by catalog and column.
    references: HashMap<(String, String), String>,
}

impl Speaker {
    pub(super) fn new(selves: String, told: HashMap<(String, String), String>) -> Self {
        Speaker { selves, references: told }
    }

    fn reference(&self, column: &Column) -> Option<&str> {
        let told = self.references.get(&(column.catalog.clone(), column.name.clone()));
        let known = || {
            let of = |(_, columns): &&(&str, &str)| columns.split(' ').any(|name| name == column.name);
            REFERENCES.iter().find(of).map(|(catalog, _)| *catalog)
        };
        match column.kind.as_str() {
            "regproc" => Some("pg_proc"),
            _ => told.map(String::as_str).or_else(known),
        }
    }

    /// The name of a role, in SQL, by its number in SQL.
    pub(super) fn role(&self, number: &str) -> String {
        format!(
            "CASE WHEN {number} = 0 THEN 'public' WHEN {number} = ANY ('{{{}}}'::oid[]) THEN '$self' ELSE pg_get_userbyid({number})::text END",
            self.selves
        )
    }

    /// The name of what has a number in a catalog.
    fn name(&self, catalog: &str, number: &str) -> String {
        match catalog {
            "pg_authid" => self.role(number),
            "pg_type" => format!("CASE WHEN {number} <> 0 THEN format_type({number}, NULL) END"),
            _ => format!(
                "CASE WHEN {number} <> 0 THEN coalesce((pg_identify_object('{catalog}'::regclass, {number}, 0)).identity, {number}::text) END"
            ),
        }
    }

    /// What a column says, in SQL; `r` is the row. Not for owners and grants.
    pub(super) fn said(&self, column: &Column) -> String {
        let (catalog, name) = (column.catalog.as_str(), column.name.as_str());
        let value = format!("r.{name}");
        let is = |(of, column, _): &&(&str, &str, &str)| *of == catalog && *column == name;
        if let Some((_, _, sql)) = SPECIAL.iter().find(is) {
            return (*sql).to_owned();
        }
        if catalog == "pg_trigger" && matches!(name, "tgname" | "tgparentid") {
            // A constraint's own triggers have numbers in their names.
            let said = if name == "tgname" { value } else { self.name("pg_trigger", &value) };
            return format!("CASE WHEN NOT {INNER} THEN {said} END");
        }
        if let Some((_, _, relation)) = COLUMN_LISTS.iter().find(is) {
            return list(
                &value,
                &format!(
                    "coalesce((SELECT a.attname FROM pg_attribute a WHERE a.attrelid = {relation} AND a.attnum = i.item), 'expression')"
                ),
                "i.at",
            );
        }
        if name.ends_with("options") && column.kind == "text[]" && name != "reloptions" && name != "attoptions" {
            return options(catalog, &value);
        }
        if name == "attoptions" {
            // The server's own mark of a column isn't an option of it.
            let set = format!("(SELECT array_agg(o) FROM unnest({value}) o WHERE o NOT LIKE 'pg\\_attver=%')");
            return list(&set, "i.item", "i.item COLLATE \"C\"");
        }
        if SORTED.contains(&name) {
            return list(&value, "i.item", "i.item COLLATE \"C\"");
        }
        match (column.kind.as_str(), self.reference(column)) {
            ("pg_node_tree", _) => format!("CASE WHEN {value} IS NOT NULL THEN 'set' END"),
            ("regproc" | "oid", Some(of)) => self.name(of, &format!("{value}::oid")),
            ("oidvector" | "oid[]", Some("pg_authid")) => {
                list(&value, &self.name("pg_authid", "i.item"), &self.name("pg_authid", "i.item"))
            }
            ("oidvector" | "oid[]", Some(of)) => {
                list(&value, &format!("coalesce({}, '-')", self.name(of, "i.item")), "i.at")
            }
            ("boolean", _) => format!("nullif({value}, false)"),
            _ => value,
        }
    }

    /// Grants, as sorted items; nothing where they are what an object has that nobody granted anything on.
    pub(super) fn grants(&self, column: &Column, owner: Option<&str>) -> String {
        let value = format!("r.{}", column.name);
        let owner = owner.map_or_else(|| "0::oid".to_owned(), |owner| format!("r.{owner}"));
        let (kind, owner) = match column.catalog.as_str() {
            "pg_class" => ("CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\"", owner),
            "pg_namespace" => ("'n'", owner),
            "pg_proc" => ("'f'", owner),
            "pg_type" => ("'T'", owner),
            "pg_language" => ("'l'", owner),
            "pg_foreign_data_wrapper" => ("'F'", owner),
            "pg_foreign_server" => ("'S'", owner),
            "pg_attribute" => ("'c'", "(SELECT c.relowner FROM pg_class c WHERE c.oid = r.attrelid)".to_owned()),
            // What is granted on what is yet to be made has no default to be compared with.
            _ => return self.items(&value, "r.defaclrole"),
        };
        let mut by_default = format!("acldefault({kind}, {owner})");
        if column.catalog == "pg_namespace" {
            // The schema public has others from the beginning.
            by_default = format!(
                "coalesce((SELECT p.initprivs FROM pg_init_privs p WHERE p.objoid = r.oid AND p.classoid = 'pg_namespace'::regclass \
                 AND p.objsubid = 0), {by_default})"
            );
            return format!(
                "nullif({}, {})",
                self.items(&format!("coalesce({value}, acldefault({kind}, {owner}))"), &owner),
                self.items(&by_default, &owner)
            );
        }
        format!(
            "CASE WHEN {value} IS NOT NULL THEN nullif({}, {}) END",
            self.items(&value, &owner),
            self.items(&by_default, &owner)
        )
    }

    fn items(&self, grants: &str, owner: &str) -> String {
        format!(
            "(SELECT coalesce(string_agg(i.item, ', ' ORDER BY i.item COLLATE \"C\"), 'nobody') FROM (SELECT DISTINCT concat({}, '=', \
             a.privilege_type, CASE WHEN a.is_grantable THEN '*' END, CASE WHEN a.grantor <> {owner} THEN '/' || ({}) END) AS item \
             FROM aclexplode({grants}) a) i)",
            self.role("a.grantee"),
            self.role("a.grantor")
        )
    }
}

/// A list, each item said by `item` (`i.item`, at `i.at`), in an order.
fn list(value: &str, item: &str, order: &str) -> String {
    format!("(SELECT array_agg({item} ORDER BY {order}) FROM unnest({value}) WITH ORDINALITY AS i (item, at))")
}

/// Options `name=value`, in the order of their names. What may be a secret is there without its value: every option of a user mapping but those
/// that can't be one, and elsewhere what is called so.
fn options(catalog: &str, value: &str) -> String {
    let secret = if catalog == "pg_user_mappings" {
        "split_part(i.item, '=', 1) NOT IN ('user', 'username', 'user_name', 'password_required', 'use_scram_passthrough')"
    } else {
        "split_part(i.item, '=', 1) ~* '(pass|pwd|secret|token|credential|key$)'"
    };
    list(
        value,
        &format!("CASE WHEN {secret} THEN split_part(i.item, '=', 1) || '=***' ELSE i.item END"),
        "i.item COLLATE \"C\"",
    )
}
