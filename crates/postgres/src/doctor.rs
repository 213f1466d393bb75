//! How a server and this login are: see [`Session::examine`](driftlock_database::Session::examine).

use std::time::Duration;

use driftlock_database::{Error, Examination, OwnTables, Peculiarity, Pooler, Protection, Right, Timestamp};

use crate::connect::backend_pid;
use crate::session::{PostgresSession, milliseconds, only_row};
use crate::sql::{Names, Values, identifier, literal};

/// The oldest major version whose catalogs have all that driftlock reads (`pg_attribute.attgenerated`).
const OLDEST: u32 = 12;

pub(crate) async fn examine(
    session: &mut PostgresSession,
    tables: &OwnTables,
    long: Duration,
) -> Result<Examination, Error> {
    let long = milliseconds(long);
    let names = Names::of(tables);
    // NULL where there is no such table. `has_table_privilege` says yes to a list when one of it is granted, and a name would have to
    // be looked up in a schema that may be closed to this role.
    let rights_on = |table: &str, wanted: &[&str]| {
        let each: Vec<String> =
            wanted.iter().map(|right| format!("pg_catalog.has_table_privilege(c.oid, '{right}')")).collect();
        format!(
            "(SELECT {} AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
             ON n.oid = c.relnamespace WHERE n.nspname = {} AND c.relname = {})",
            each.join(" AND "),
            literal(&names.schema),
            literal(table)
        )
    };
    let facts = format!(
        "SELECT (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000000)::pg_catalog.int8, pg_catalog.pg_backend_pid(), \
         pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only') = 'on', pg_catalog.current_database(), \
         current_user, pg_catalog.current_schema(), pg_catalog.current_setting('server_encoding'), \
         pg_catalog.current_setting('TimeZone'), pg_catalog.current_setting('fsync'), pg_catalog.current_setting('search_path'), \
         (SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace n WHERE n.nspname = {schema}), \
         pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), \
         (SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace n WHERE n.nspname = pg_catalog.current_schema()), \
         {history} AND {journal} AND {fence}, coalesce(pg_catalog.host(pg_catalog.inet_client_addr()) ~ '^(127[.]|::1$)', true)",
        schema = literal(&names.schema),
        history = rights_on(&tables.history(), &["SELECT", "INSERT"]),
        journal = rights_on(&tables.journal(), &["SELECT", "INSERT"]),
        fence = rights_on(&tables.fence(), &["SELECT", "UPDATE"]),
    );
    let encryption =
        "SELECT s.version, s.cipher FROM pg_catalog.pg_stat_ssl s WHERE s.pid = pg_catalog.pg_backend_pid() AND s.ssl";
    let strangers = "SELECT count(*), min(pg_catalog.pg_get_userbyid(c.relowner)::text) FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' \
         AND n.nspname <> 'information_schema' AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         AND d.objid = c.oid AND d.deptype = 'e')";
    let prepared = format!(
        "SELECT x.gid, x.owner FROM pg_catalog.pg_prepared_xacts x WHERE x.database = pg_catalog.current_database() \
         AND x.prepared < pg_catalog.clock_timestamp() - interval '{long} milliseconds' ORDER BY x.prepared LIMIT 3"
    );
    let results = session.ask(&[facts.as_str(), encryption, strangers, &prepared].join("; ")).await?;
    let Some(row) = only_row(&results[..1.min(results.len())]) else {
        return Err(Error::Protocol("the server doesn't say how it is".to_owned()));
    };
    let first = |at: usize| results.get(at).and_then(|result| result.rows.first()).map(Values);
    let user = row.text(5)?;
    let database = row.text(4)?;
    let mut out = Examination { clock: Some(Timestamp::from_micros(row.number(0)?)), ..Examination::default() };
    out.old = (1..OLDEST).contains(&session.major).then(|| {
        format!("driftlock reads catalogs that PostgreSQL has since version {OLDEST}: some of what it does will fail here; use a newer server")
    });
    out.standby = row.yes(2)?.then(|| "it is in recovery: it follows a primary".to_owned());
    out.read_only = (row.yes(3)? && out.standby.is_none())
        .then(|| "`default_transaction_read_only` of the server, the database or the role is on".to_owned());
    let pid = row.text(1)?;
    let at_login = backend_pid(session.wire.token()).await.map(|pid| pid.to_string());
    if at_login.as_deref() != Some(pid.as_str()) {
        out.pooler = Some(format!(
            "the server process that answers ({pid}) is not the one that the login named ({})",
            at_login.as_deref().unwrap_or("none")
        ));
    }
    // As the server sees it: with a pooler in between, that is the pooler's way to it.
    out.protection = Some(match first(1) {
        Some(row) => Protection::Encrypted(format!("{}, {}", row.text(0)?, row.text(1)?)),
        None if row.yes(15)? && out.pooler.is_none() => Protection::Local,
        None => Protection::Plain,
    });
    out.rights = rights(&row, &names, &user, &database)?;
    if let Some(others) = first(2).filter(|row| row.number(0).is_ok_and(|count| count > 0)) {
        let (count, owner) = (others.number(0)?, others.text(1)?);
        let tables = if count == 1 { "table that isn't".to_owned() } else { "tables that aren't".to_owned() };
        out.rights.push(Right {
            what: format!("alter or drop {count} {tables} its own"),
            granted: false,
            advice: format!(
                "ALTER and DROP are the owner's alone, here for one {owner}'s: run as the owner with `set_role = {}`, after `GRANT {} TO {};`",
                quoted(&owner),
                identifier(&owner),
                identifier(&session.server.user)
            ),
            needed: false,
        });
    }
    out.settings = settings(session, &row, results.get(3).map(|it| it.rows.as_slice()).unwrap_or_default())?;
    // A pooler's own server session names the database as the pooler does: the lock's key is made of the server's name.
    session.database.get_or_insert(database);
    (out.holder, out.open) = crate::lock::look(session, &names, long).await?;
    Ok(out)
}

/// As a string in TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn rights(row: &Values<'_>, names: &Names, user: &str, database: &str) -> Result<Vec<Right>, Error> {
    let granted = |at: usize| Ok::<_, Error>(row.optional(at)?.map(|text| text == "t"));
    let user = identifier(user);
    let own = match (granted(14)?, granted(11)?) {
        (Some(granted), _) => Right {
            what: "read driftlock's own tables and add to them".to_owned(),
            granted,
            advice: format!(
                "`GRANT SELECT, INSERT ON {}, {} TO {user}; GRANT SELECT, UPDATE ON {} TO {user};`, as their owner",
                names.history, names.journal, names.fence
            ),
            needed: true,
        },
        (None, Some(granted)) => Right {
            what: format!("make driftlock's own tables in schema {}", identifier(&names.schema)),
            granted,
            advice: format!(
                "`GRANT CREATE, USAGE ON SCHEMA {} TO {user};`, or name another schema with `tables.schema` (`--tables-schema`)",
                identifier(&names.schema)
            ),
            needed: true,
        },
        (None, None) => Right {
            what: format!("make the schema {} for driftlock's own tables", identifier(&names.schema)),
            granted: granted(12)?.unwrap_or(false),
            advice: format!(
                "`GRANT CREATE ON DATABASE {} TO {user};`, or name a schema that is there with `tables.schema` (`--tables-schema`)",
                identifier(database)
            ),
            needed: true,
        },
    };
    let here = row.optional(6)?;
    let objects = match here {
        Some(schema) => Right {
            what: format!("make tables in schema {}", identifier(schema)),
            granted: granted(13)?.unwrap_or(false),
            advice: format!("`GRANT CREATE, USAGE ON SCHEMA {} TO {user};`", identifier(schema)),
            needed: true,
        },
        None => Right {
            what: "make tables that name no schema".to_owned(),
            granted: false,
            advice: format!(
                "none of the schemas of its search path ({}) is there for it: make one, grant USAGE on one, or write schemas in the scripts",
                row.text(10)?
            ),
            needed: false,
        },
    };
    Ok(vec![own, objects])
}

fn settings(
    session: &PostgresSession,
    row: &Values<'_>,
    prepared: &[tokio_postgres::SimpleQueryRow],
) -> Result<Vec<Peculiarity>, Error> {
    let encoding = row.text(7)?;
    let fsync = row.text(9)?;
    let mut all = vec![
        Peculiarity {
            name: "server_encoding",
            odd: (encoding != "UTF8").then(|| {
                "scripts are sent as UTF-8, and a character that this encoding lacks is an error of its statement: make databases with \
                 `ENCODING 'UTF8'`"
                    .to_owned()
            }),
            value: encoding,
        },
        Peculiarity { name: "TimeZone", value: row.text(8)?, odd: None },
        Peculiarity {
            name: "fsync",
            odd: (fsync == "off").then(|| {
                "what is committed may be lost, and the database damaged, when the machine fails: good for tests alone".to_owned()
            }),
            value: fsync,
        },
    ];
    if session.major < 14 {
        all.push(Peculiarity {
            name: "client_connection_check_interval",
            value: "not there".to_owned(),
            odd: Some(
                "before version 14 a server doesn't notice that its client died: a killed run's statement goes on, and the next run waits for it"
                    .to_owned(),
            ),
        });
    }
    if session.options.pooler == Pooler::Session {
        all.push(Peculiarity { name: "pooler", value: "session, as configured".to_owned(), odd: None });
    }
    for row in prepared.iter().map(Values) {
        let gid = row.text(0)?;
        all.push(Peculiarity {
            name: "prepared transaction",
            odd: Some(format!(
                "{} prepared it and nobody ended it: it holds its locks until `COMMIT PREPARED {1}` or `ROLLBACK PREPARED {1}`",
                row.text(1)?,
                literal(&gid)
            )),
            value: gid,
        });
    }
    Ok(all)
}
