//! How a server and this login are: see [`Session::examine`](driftlock_database::Session::examine).

use std::time::Duration;

use driftlock_database::{Error, Examination, OwnTables, Peculiarity, Protection, Right, Timestamp};

use crate::connect::Product;
use crate::grants::Grants;
use crate::lock;
use crate::parse::quote;
use crate::wire::{TextRow, Wire, text};

/// What is known of the session beside its connection.
pub(crate) struct Known<'a> {
    pub(crate) database: &'a str,
    pub(crate) product: Product,
    /// The connection's number, as the login named it.
    pub(crate) id: u64,
    pub(crate) run: Option<&'a str>,
}

pub(crate) async fn examine(
    wire: &mut Wire,
    known: Known<'_>,
    tables: &OwnTables,
    long: Duration,
) -> Result<Examination, Error> {
    let product = known.product;
    let facts = "SELECT UTC_TIMESTAMP(6), CONNECTION_ID(), CURRENT_USER(), @@session.sql_mode, @@character_set_database, \
                 @@session.time_zone, @@session.default_storage_engine, @@global.wait_timeout, @@system_time_zone LIMIT 1";
    let row = wire.row(facts).await?.unwrap_or_default();
    let mut out = Examination { clock: Timestamp::parse(text(&row, 0)), ..Examination::default() };
    out.old = (!product.has_atomic_ddl()).then(|| {
        format!(
            "DDL that a crash of the server interrupts leaves half of itself before {}: driftlock then says what is known (exit code 7); use a newer server",
            if product.is_mariadb { "MariaDB 10.6" } else { "MySQL 8.0" }
        )
    });
    out.protection = Some(protection(wire).await?);
    out.read_only = read_only(wire).await?;
    out.pooler = (text(&row, 1) != known.id.to_string()).then(|| {
        format!("the connection that answers is number {}, and the login was given {}", text(&row, 1), known.id)
    });
    let grants = grants(wire, product).await?;
    out.rights = rights(&grants, known.database, tables, text(&row, 2));
    out.settings = settings(&row);
    let name = lock::name(known.database, tables);
    out.holder = lock::holder(wire, &name, known.run).await?;
    out.open = lock::open_for(wire, long, known.run).await?;
    Ok(out)
}

async fn protection(wire: &mut Wire) -> Result<Protection, Error> {
    let rows = wire.rows("SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_version', 'Ssl_cipher')").await?;
    let value = |name: &str| {
        let row = rows.iter().find(|row| text(row, 0).eq_ignore_ascii_case(name));
        row.map(|row| text(row, 1)).unwrap_or_default().to_owned()
    };
    if !value("Ssl_cipher").is_empty() {
        return Ok(Protection::Encrypted(format!("{}, {}", value("Ssl_version"), value("Ssl_cipher"))));
    }
    let sql = format!("SELECT HOST FROM {} WHERE ID = CONNECTION_ID() LIMIT 1", wire.processes);
    let row = wire.row(&sql).await?;
    let row = row.unwrap_or_default();
    // Of a connection through a socket there is no port to show.
    let host = text(&row, 0).rsplit_once(':').map_or(text(&row, 0), |(host, _)| host);
    let is_local = host == "localhost" || host == "::1" || host.starts_with("127.");
    Ok(if is_local { Protection::Local } else { Protection::Plain })
}

/// The setting by which the server is read-only, if it is.
pub(crate) async fn read_only(wire: &mut Wire) -> Result<Option<String>, Error> {
    let sql = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'innodb_read_only')";
    let rows = wire.rows(sql).await?;
    let on = rows.iter().find(|row| !matches!(text(row, 1).to_ascii_uppercase().as_str(), "OFF" | "0"));
    Ok(on.map(|row| format!("`{}` is {}", text(row, 0), text(row, 1))))
}

pub(crate) async fn grants(wire: &mut Wire, product: Product) -> Result<Grants, Error> {
    let mut sql = "SHOW GRANTS".to_owned();
    if product.has_roles() && !product.is_mariadb {
        // MySQL shows what comes of a role where it is asked to; MariaDB does so by itself.
        let roles = wire.row("SELECT CURRENT_ROLE() LIMIT 1").await?.unwrap_or_default();
        if !matches!(text(&roles, 0), "" | "NONE") {
            sql = format!("SHOW GRANTS FOR CURRENT_USER() USING {}", text(&roles, 0));
        }
    }
    let rows = wire.rows(&sql).await?;
    Ok(Grants::read(rows.iter().map(|row| text(row, 0))))
}

/// What the scripts of most projects do.
const DDL: &[&str] = &["CREATE", "ALTER", "DROP", "INDEX"];
const OWN: &[&str] = &["CREATE", "SELECT", "INSERT", "UPDATE"];

fn rights(grants: &Grants, database: &str, tables: &OwnTables, user: &str) -> Vec<Right> {
    let account =
        user.rsplit_once('@').map_or_else(|| quote(user), |(name, host)| format!("{}@{}", quote(name), quote(host)));
    let place = tables.schema.as_deref().unwrap_or(database);
    let advice = |missing: &[&str], database: &str| {
        format!("`GRANT {} ON {}.* TO {account};`", missing.join(", "), quote(database))
    };
    let own = grants.missing(place, Some(&tables.history()), OWN);
    let ddl = grants.missing(database, None, DDL);
    vec![
        Right {
            what: format!("make driftlock's own tables in database {}, read them and add to them", quote(place)),
            granted: own.is_empty(),
            advice: format!(
                "{}, or name another database with `tables.schema` (`--tables-schema`)",
                advice(&own, place)
            ),
            needed: true,
        },
        Right {
            what: format!("make, alter and drop tables and indexes in database {}", quote(database)),
            granted: ddl.is_empty(),
            advice: advice(&ddl, database),
            // Scripts may do without.
            needed: ddl.contains(&"CREATE") && ddl.contains(&"ALTER"),
        },
    ]
}

fn settings(row: &TextRow) -> Vec<Peculiarity> {
    let value = |at: usize| text(row, at).to_owned();
    let (mode, charset, engine) = (value(3), value(4), value(6));
    let strict = ["STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"].iter().any(|word| mode.contains(word));
    let zone = if value(5) == "SYSTEM" { format!("SYSTEM ({})", value(8)) } else { value(5) };
    let wait = value(7);
    vec![
        Peculiarity {
            name: "sql_mode",
            odd: (!strict).then(|| {
                "it isn't strict: a value that doesn't fit its column is cut or replaced without an error, in migrations too; add STRICT_TRANS_TABLES"
                    .to_owned()
            }),
            value: if mode.is_empty() { "empty".to_owned() } else { mode },
        },
        Peculiarity {
            name: "character_set_database",
            odd: (charset != "utf8mb4").then(|| {
                "tables are made with it unless they say otherwise, and it can't hold every character: `ALTER DATABASE … CHARACTER SET utf8mb4`"
                    .to_owned()
            }),
            value: charset,
        },
        Peculiarity {
            name: "default_storage_engine",
            odd: (!engine.eq_ignore_ascii_case("InnoDB")).then(|| {
                "tables are made with it unless they say otherwise; where it knows no transactions, nothing that fails is rolled back: use InnoDB"
                    .to_owned()
            }),
            value: engine,
        },
        Peculiarity { name: "time_zone", value: zone, odd: None },
        Peculiarity {
            name: "wait_timeout",
            odd: wait.parse::<u64>().is_ok_and(|seconds| seconds < 30).then(|| {
                "the server closes a connection that is idle for so many seconds, also one that waits for another run to end: make it longer"
                    .to_owned()
            }),
            value: wait,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_odd_and_nothing_else() {
        let row = |values: [&str; 9]| values.iter().map(|value| Some((*value).to_owned())).collect::<TextRow>();
        let odd = |row: TextRow| -> Vec<&'static str> {
            settings(&row).iter().filter(|it| it.odd.is_some()).map(|it| it.name).collect()
        };
        let good = ["", "", "", "STRICT_TRANS_TABLES,ANSI_QUOTES", "utf8mb4", "SYSTEM", "InnoDB", "28800", "UTC"];
        assert_eq!(odd(row(good)), [""; 0]);
        let bad = ["", "", "", "", "latin1", "+02:00", "MyISAM", "10", "UTC"];
        assert_eq!(odd(row(bad)), ["sql_mode", "character_set_database", "default_storage_engine", "wait_timeout"]);
        assert_eq!(settings(&row(good))[3].value, "SYSTEM (UTC)");
    }

    #[test]
    fn rights_name_what_is_missing() {
        let grants = Grants::read(["GRANT SELECT, INSERT, CREATE, ALTER ON `shop`.* TO `ann`@`%`"]);
        let rights = rights(&grants, "shop", &OwnTables::default(), "ann@%");
        assert!(
            !rights[0].granted && rights[0].advice.starts_with("`GRANT UPDATE ON `shop`.* TO `ann`@`%`;`"),
            "{rights:?}"
        );
        assert!(!rights[1].granted && !rights[1].needed && rights[1].advice.contains("DROP, INDEX"), "{rights:?}");
    }
}
