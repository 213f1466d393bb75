//! What changes whenever the schema does: which transactions wrote the rows of the catalogs.
//!
//! Every DDL statement inserts rows into catalogs or deletes some, and a row bears the number of the transaction that wrote it. For each catalog
//! the marks have the number of its rows and a sum over them of a hash of each one's own number and its transaction's. What was rolled back isn't
//! there; what is merely counted (ANALYZE, VACUUM) is written into rows that stay what they are.
//!
//! Numbers of transactions come again after four milliards of them, or when a server goes on from an older copy of its files. The first is held
//! to be no danger to one and the same row; for the second a server has to be started, and when that was is one of the marks.

use driftlock_database::{ChangeMarks, Error};
use sha2::{Digest, Sha256};

use crate::session::{PostgresSession, only_row};

/// The catalogs whose rows say what a schema is, the major version that each came with, and what tells its rows apart.
const CATALOGS: &[(&str, u32, &str)] = &[
    ("pg_aggregate", 0, "c.aggfnoid::oid::int8"),
    ("pg_am", 0, "c.oid::int8"),
    ("pg_amop", 0, "c.oid::int8"),
    ("pg_amproc", 0, "c.oid::int8"),
    ("pg_attrdef", 0, "c.oid::int8"),
    ("pg_attribute", 0, "c.attrelid::int8 * 2048 + c.attnum"),
    ("pg_cast", 0, "c.oid::int8"),
    ("pg_class", 0, "c.oid::int8"),
    ("pg_collation", 0, "c.oid::int8"),
    ("pg_constraint", 0, "c.oid::int8"),
    ("pg_conversion", 0, "c.oid::int8"),
    ("pg_default_acl", 0, "c.oid::int8"),
    ("pg_depend", 0, "c.objid::int8 * 4294967296 + c.refobjid::int8"),
    ("pg_description", 0, "c.objoid::int8 * 2048 + c.objsubid"),
    ("pg_enum", 0, "c.oid::int8"),
    ("pg_event_trigger", 0, "c.oid::int8"),
    ("pg_extension", 0, "c.oid::int8"),
    ("pg_foreign_data_wrapper", 0, "c.oid::int8"),
    ("pg_foreign_server", 0, "c.oid::int8"),
    ("pg_foreign_table", 0, "c.ftrelid::int8"),
    ("pg_index", 0, "c.indexrelid::int8"),
    ("pg_inherits", 0, "c.inhrelid::int8"),
    ("pg_init_privs", 0, "c.objoid::int8"),
    ("pg_language", 0, "c.oid::int8"),
    ("pg_namespace", 0, "c.oid::int8"),
    ("pg_opclass", 0, "c.oid::int8"),
    ("pg_operator", 0, "c.oid::int8"),
    ("pg_opfamily", 0, "c.oid::int8"),
    ("pg_partitioned_table", 0, "c.partrelid::int8"),
    ("pg_policy", 0, "c.oid::int8"),
    ("pg_proc", 0, "c.oid::int8"),
    ("pg_publication", 0, "c.oid::int8"),
    ("pg_publication_namespace", 15, "c.oid::int8"),
    ("pg_publication_rel", 0, "c.oid::int8"),
    ("pg_range", 0, "c.rngtypid::int8"),
    ("pg_rewrite", 0, "c.oid::int8"),
    ("pg_seclabel", 0, "c.objoid::int8"),
    ("pg_sequence", 0, "c.seqrelid::int8"),
    ("pg_statistic_ext", 0, "c.oid::int8"),
    ("pg_transform", 0, "c.oid::int8"),
    ("pg_trigger", 0, "c.oid::int8"),
    ("pg_ts_config", 0, "c.oid::int8"),
    ("pg_ts_config_map", 0, "c.mapcfg::int8"),
    ("pg_ts_dict", 0, "c.oid::int8"),
    ("pg_ts_parser", 0, "c.oid::int8"),
    ("pg_ts_template", 0, "c.oid::int8"),
    ("pg_type", 0, "c.oid::int8"),
];

/// What isn't for everybody to read, and what belongs to the whole server and is named in a schema: by its contents.
const CONTENTS: &[(&str, &str)] = &[
    ("pg_roles", "c.rolname::text, c.oid::int8"),
    ("pg_tablespace", "c.spcname::text, c.oid::int8"),
    ("pg_user_mappings", "c::text, c.umid::int8"),
    ("pg_subscription", "c.subname::text, c.subdbid::int8"),
];

/// The names of the catalogs whose rows say what a schema is.
pub(crate) fn names(major: u32) -> impl Iterator<Item = &'static str> {
    CATALOGS.iter().filter(move |(_, since, _)| major >= *since).map(|(name, ..)| *name)
}

/// The same, with the number in SQL that a row begins its key with (`c` is the row): what it is, or is of.
pub(crate) fn first_numbers(major: u32) -> impl Iterator<Item = (&'static str, String)> {
    CATALOGS.iter().filter(move |(_, since, _)| major >= *since).map(|(name, _, key)| {
        let column = key.split("::").next().unwrap_or(key);
        (*name, format!("{column}::pg_catalog.oid"))
    })
}

/// The question: one row, of one text. It is one statement, and so of one moment.
pub(crate) fn question(major: u32) -> String {
    let sum = |from: &str, hash: &str| {
        format!(
            "(SELECT pg_catalog.concat_ws('.', pg_catalog.count(*), pg_catalog.sum({hash})) FROM pg_catalog.{from} c)"
        )
    };
    let catalogs = CATALOGS.iter().filter(|(_, since, _)| major >= *since);
    let catalogs = catalogs.map(|(name, _, key)| {
        sum(name, &format!("pg_catalog.hashint8extended(c.xmin::pg_catalog.text::pg_catalog.int8, {key})"))
    });
    let contents = CONTENTS.iter().map(|(name, key)| sum(name, &format!("pg_catalog.hashtextextended({key})")));
    let all: Vec<String> = catalogs.chain(contents).collect();
    format!("SELECT pg_catalog.concat_ws(' ', {})", all.join(", "))
}

/// The database's number and owner, and since when its server runs.
const DATABASE: &str = "SELECT d.oid, d.datdba, \
    (pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()) * 1000000)::pg_catalog.int8 \
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";

/// The number that a server was given when it was set up. Somebody may have kept it from us.
const SERVER: &str = "SELECT c.system_identifier FROM pg_catalog.pg_control_system() c";

/// See [`Session::change_marks`](driftlock_database::Session::change_marks).
pub(crate) async fn take(session: &mut PostgresSession) -> Result<ChangeMarks, Error> {
    let settings = "SET LOCAL jit = off; SET LOCAL extra_float_digits = 1";
    let question = format!("{settings}; {DATABASE}; {}", question(session.major));
    let mut answers = session.ask_raw(&[SERVER, &question]).await?;
    let marks = answers.pop().unwrap_or_default().ok(false)?;
    let server = answers.pop().unwrap_or_default();
    let text = |result: usize, at: usize| -> Option<&str> { marks.get(result)?.rows.first()?.get(at) };
    let (database, owner, started) = (text(2, 0), text(2, 1), text(2, 2));
    let (Some(database), Some(owner), Some(started), Some(sums)) = (database, owner, started, text(3, 0)) else {
        return Err(Error::Protocol("the catalogs say nothing of this database".to_owned()));
    };
    let identifier = match server.failed {
        None => only_row(&server.results).map(|row| row.text(0)).transpose()?,
        Some(_) => None,
    };
    // Without it a server is another one after each start.
    let server = identifier.unwrap_or_else(|| format!("started {started}"));
    let digest = Sha256::digest(format!("{owner} {started} {sums}"));
    Ok(ChangeMarks {
        database: format!("{server}/{database}"),
        marks: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}
