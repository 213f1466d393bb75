//! What is elsewhere: foreign data wrappers, servers, user mappings, and what makes a table a foreign one.

use driftlock_schema::{Name, Object, Value};

use super::grants::elements;
use super::reading::oid;
use super::relations::pairs;
use super::{Address, Source, catalog};

pub(super) const WRAPPERS: Source = Source {
    sql: |_| {
        "SELECT f.oid, f.fdwname, f.fdwowner, f.fdwacl::text, nullif(f.fdwhandler, 0)::pg_catalog.regproc::text, \
         nullif(f.fdwvalidator, 0)::pg_catalog.regproc::text, f.fdwoptions::text FROM pg_catalog.pg_foreign_data_wrapper f WHERE f.oid >= 16384"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("foreign_data_wrapper", Name::new(row.text(1)?));
        let owner = oid(&row, 2)?;
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(owner));
        say.set_some("grants", reading.grants('F', owner, row.optional(3)?));
        say.set_some("handler", row.maybe(4)?);
        say.set_some("validator", row.maybe(5)?);
        say.set_some("options", row.optional(6)?.and_then(options));
        reading.object(Address::read(catalog::FOREIGN_DATA_WRAPPER, &row, 0)?, object);
        Ok(())
    },
};

pub(super) const SERVERS: Source = Source {
    sql: |_| {
        "SELECT s.oid, s.srvname, s.srvowner, s.srvacl::text, f.fdwname, s.srvtype, s.srvversion, s.srvoptions::text \
         FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper f ON f.oid = s.srvfdw WHERE s.oid >= 16384"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("server", Name::new(row.text(1)?)).with("wrapper", row.text(4)?);
        let owner = oid(&row, 2)?;
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(owner));
        say.set_some("grants", reading.grants('S', owner, row.optional(3)?));
        say.set_some("type", row.maybe(5)?);
        say.set_some("version", row.maybe(6)?);
        say.set_some("options", row.optional(7)?.and_then(options));
        reading.object(Address::read(catalog::FOREIGN_SERVER, &row, 0)?, object);
        Ok(())
    },
};

/// A user mapping, called by its server and its role. The view shows its options to those who may see them.
pub(super) const USER_MAPPINGS: Source = Source {
    sql: |_| {
        // Who may see options, as the view has it.
        "SELECT m.umid, m.srvname, m.umuser, m.umoptions::text, \
         (m.umuser <> 0 AND m.usename = CURRENT_USER AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE') \
         OR pg_catalog.has_server_privilege(s.oid, 'USAGE'))) OR (m.umuser = 0 AND pg_catalog.pg_has_role(s.srvowner, 'USAGE')) \
         OR (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER) \
         FROM pg_catalog.pg_user_mappings m JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid"
            .to_owned()
    },
    read: |reading, row| {
        let role = match oid(&row, 2)? {
            0 => super::PUBLIC.to_owned(),
            role => reading.role_name(role),
        };
        let mut object = Object::new("user_mapping", Name::new(row.text(1)?).signature(role));
        let masked = |options: Vec<String>| {
            let options: Vec<String> =
                options.into_iter().map(|option| mask(option, |name| !PLAIN.contains(&name))).collect();
            pairs(&options)
        };
        object.attributes.set_some("options", row.optional(3)?.map(elements).and_then(masked));
        if !row.yes(4)? {
            let id = object.id();
            reading.incomplete(format!("this login may not see the options of {id}"));
        }
        reading.object(Address::read(catalog::USER_MAPPING, &row, 0)?, object);
        Ok(())
    },
};

/// What makes a table a foreign one.
pub(super) const FOREIGN_TABLES: Source = Source {
    sql: |_| {
        "SELECT t.ftrelid, s.srvname, t.ftoptions::text FROM pg_catalog.pg_foreign_table t \
         JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver WHERE {in t.ftrelid pg_foreign_table}"
            .to_owned()
    },
    read: |reading, row| {
        let (server, options) = (row.text(1)?, row.optional(2)?.and_then(options));
        if let Some(say) = reading.attributes(Address::read(catalog::CLASS, &row, 0)?) {
            say.set("server", server);
            say.set_some("foreign_options", options);
        }
        Ok(())
    },
};

/// What stands in place of a secret. No schema holds one, whoever may read it in the catalogs.
const MASKED: &str = "***";

/// The options of a user mapping that can't be secrets.
const PLAIN: &[&str] = &["user", "username", "user_name", "password_required", "use_scram_passthrough"];

/// What is in the names of secrets.
const SECRET: &[&str] = &["pass", "pwd", "secret", "token", "credential"];

/// Options as a map, secrets without their values.
pub(super) fn options(list: &str) -> Option<Value> {
    let is_secret = |name: &str| {
        let name = name.to_lowercase();
        name.ends_with("key") || SECRET.iter().any(|word| name.contains(word))
    };
    let options: Vec<String> = elements(list).into_iter().map(|option| mask(option, is_secret)).collect();
    pairs(&options)
}

fn mask(option: String, is_secret: impl Fn(&str) -> bool) -> String {
    match option.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={MASKED}"),
        _ => option,
    }
}

#[cfg(test)]
mod tests {
    use super::options;

    #[test]
    fn no_secret_is_in_a_schema() {
        let said =
            options(r#"{host=db.example,"password=O'Neil, \"x\"",api_key=k,keyspace=s}"#).map(|it| it.to_string());
        assert_eq!(said.as_deref(), Some("api_key ***, host db.example, keyspace s, password ***"));
    }
}
