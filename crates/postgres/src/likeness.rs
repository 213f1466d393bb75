//! An empty database like another one.

use driftlock_database::Error;

use crate::create::setting;
use crate::session::{PostgresSession, only_row};
use crate::sql::{Values, identifier, literal};

/// The settings of a database that decide what a script makes in it, and how what it makes reads.
const SETTINGS: &[&str] = &[
    "array_nulls",
    "backslash_quote",
    "check_function_bodies",
    "client_encoding",
    "datestyle",
    "default_table_access_method",
    "default_text_search_config",
    "default_toast_compression",
    "default_with_oids",
    "intervalstyle",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "plpgsql.extra_errors",
    "plpgsql.extra_warnings",
    "plpgsql.variable_conflict",
    "quote_all_identifiers",
    "search_path",
    "standard_conforming_strings",
    "timezone",
    "timezone_abbreviations",
    "transform_null_equals",
    "xmlbinary",
    "xmloption",
];

/// See [`Session::database_like_this`](driftlock_database::Session::database_like_this).
pub(crate) async fn statements(session: &mut PostgresSession, name: &str) -> Result<Vec<String>, Error> {
    let major = session.major;
    let provider = if major >= 15 { "d.datlocprovider" } else { "'c'" };
    let locale = match major {
        0..15 => "NULL",
        15..17 => "d.daticulocale",
        _ => "d.datlocale",
    };
    let rules = if major >= 16 { "d.daticurules" } else { "NULL" };
    let results = session
        .ask(&format!(
            "SELECT pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, {provider}, {locale}, {rules}, \
             pg_catalog.current_setting('fsync')::bool \
             FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database(); \
             SELECT pg_catalog.unnest(s.setconfig) FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase \
             WHERE s.setrole = 0 AND d.datname = pg_catalog.current_database()"
        ))
        .await?;
    let Some(row) = only_row(&results) else {
        return Err(Error::Protocol("the catalogs say nothing of this database".to_owned()));
    };
    let name = identifier(name);
    let mut sql = format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}",
        literal(&row.text(0)?),
        literal(&row.text(1)?),
        literal(&row.text(2)?)
    );
    let locale = row.maybe(4)?;
    let option = match row.optional(3)? {
        Some("i") => Some(("icu", "ICU_LOCALE")),
        Some("b") => Some(("builtin", "BUILTIN_LOCALE")),
        _ => None,
    };
    if let (Some((provider, option)), Some(locale)) = (option, locale) {
        sql.push_str(&format!(" LOCALE_PROVIDER {provider} {option} {}", literal(&locale)));
    }
    if let Some(rules) = row.maybe(5)? {
        sql.push_str(&format!(" ICU_RULES {}", literal(&rules)));
    }
    // A server that waits for no disk loses nothing by the checkpoints that copying files takes, and that is a fifth of the work of logging all
    // that is in them.
    if major >= 15 && !row.yes(6)? {
        sql.push_str(" STRATEGY file_copy");
    }
    let mut statements = vec![sql];
    for row in results.get(1).map(|result| result.rows.as_slice()).unwrap_or_default() {
        let said = Values(row).text(0)?;
        let Some((setting_name, value)) = said.split_once('=') else { continue };
        if SETTINGS.contains(&setting_name.to_lowercase().as_str()) {
            statements.push(format!("ALTER DATABASE {name}{}", setting(setting_name, value)));
        }
    }
    Ok(statements)
}
