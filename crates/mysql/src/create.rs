//! The statements that make a schema, in any database: no statement names it.

pub(crate) mod order;
pub(crate) mod session;
pub(crate) mod stored;
pub(crate) mod table;

use driftlock_database::{CreateError, Creation};
use driftlock_schema::{Id, Name, Object, Schema};

use crate::inspect::text::string;
use crate::parse::quote;

use self::session::Session;

/// What the statements run with: names of tables that don't exist yet may be used, and a table is made with the options that it had where it was
/// made, whatever its engine thinks of them.
const SETTINGS: &str = "SET SESSION foreign_key_checks = 0, SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', SESSION innodb_strict_mode = 0, \
     SESSION character_set_client = utf8mb4, SESSION character_set_results = utf8mb4, SESSION character_set_connection = utf8mb4, \
     SESSION collation_connection = utf8mb4_general_ci, SESSION time_zone = '+00:00'";

/// Without it a server before MariaDB 10.10 and MySQL 8 makes something of a TIMESTAMP that nobody asked for; one before 10.6.9 can't be asked.
pub(crate) const TIMESTAMPS: &str = "SET /*M!100609 SESSION explicit_defaults_for_timestamp = 1, */ /*!80000 SESSION explicit_defaults_for_timestamp = 1, */ \
     SESSION sql_notes = 0";

/// MySQL may ask for a primary key, or make one. Only some logins may say that it shan't.
pub(crate) const WITHOUT_PRIMARY_KEY: [&str; 2] = [
    "SET /*!80013 SESSION sql_require_primary_key = 0, */ SESSION sql_notes = 0",
    "SET /*!80030 SESSION sql_generate_invisible_primary_key = 0, */ SESSION sql_notes = 0",
];

/// MySQL refuses foreign keys to columns that are no key, unless it is told not to; and so again.
pub(crate) const TO_NO_KEY: &str = "SET /*!80400 SESSION restrict_fk_on_non_standard_key = 0, */ SESSION sql_notes = 0";

pub(crate) fn statements(schema: &Schema) -> Result<Vec<Creation>, CreateError> {
    let database = Id::new("database", Name::new(""));
    let mut creations = Vec::new();
    let mut add =
        |object: &Id, sql: String| creations.push(Creation { sql, object: object.clone(), transactional: false });
    if schema.is_empty() {
        return Ok(creations);
    }
    let mut settings = vec![SETTINGS, TIMESTAMPS];
    if schema.of_kind("table").any(|table| table.parts_of("primary_key").next().is_none()) {
        settings.extend(WITHOUT_PRIMARY_KEY);
    }
    if schema.of_kind("table").any(|table| refers_to_no_key(schema, table)) {
        settings.push(TO_NO_KEY);
    }
    for sql in settings {
        add(&database, sql.to_owned());
    }
    let of_database = schema.get(&database);
    if let Some(object) = of_database {
        let said = &object.attributes;
        let clauses = [
            said.text("collation").map(|collation| format!(" COLLATE {collation}")),
            said.text("comment").map(|comment| format!(" COMMENT {}", string(comment))),
            said.flag("encrypted").then(|| " DEFAULT ENCRYPTION 'Y'".to_owned()),
        ];
        let clauses: String = clauses.into_iter().flatten().collect();
        if !clauses.is_empty() {
            add(&database, format!("ALTER DATABASE{clauses}"));
        }
    }
    for object in schema.of_kind("sequence") {
        add(&object.id(), sequence(object));
    }
    for object in schema.of_kind("table") {
        add(&object.id(), table::statement(object)?);
        if let Some(sql) = table::without_defaults(object, table::lacking(object)) {
            add(&object.id(), sql);
        }
    }
    let collation = of_database.and_then(|object| object.attributes.text("collation"));
    let mut session = Session::new(
        collation,
        &[
            ("sql_mode", "NO_ENGINE_SUBSTITUTION"),
            ("character_set_client", "utf8mb4"),
            ("collation_connection", "utf8mb4_general_ci"),
        ],
    );
    for kind in ["function", "procedure"] {
        for object in schema.of_kind(kind) {
            session.make(&object.id(), &object.attributes, stored::routine(object)?, &mut add);
        }
    }
    for object in order::views(schema) {
        session.make(&object.id(), &object.attributes, stored::view(object)?, &mut add);
    }
    for object in schema.of_kind("table") {
        for trigger in stored::triggers(object) {
            session.make(&object.id(), &trigger.attributes, stored::trigger(object, trigger)?, &mut add);
        }
    }
    for object in schema.of_kind("event") {
        session.make(&object.id(), &object.attributes, stored::event(object)?, &mut add);
    }
    session.end(&database, &mut add);
    let known = ["database", "sequence", "table", "function", "procedure", "view", "event"];
    match schema.objects().find(|object| !known.iter().any(|kind| object.kind == *kind)) {
        Some(object) => Err(CreateError::new(object.id(), "this engine has no such kind of object")),
        None => Ok(creations),
    }
}

/// Whether a table has a foreign key to columns that aren't just those of a unique key.
pub(crate) fn refers_to_no_key(schema: &Schema, table: &Object) -> bool {
    table.parts_of("foreign_key").any(|key| {
        let said = &key.attributes;
        let referenced = said.text("references").unwrap_or_default();
        let Some(referenced) = schema.get(&Id::new("table", Name::new(referenced))) else { return true };
        let columns = said.list("referenced_columns");
        !["primary_key", "unique"]
            .into_iter()
            .flat_map(|kind| referenced.parts_of(kind))
            .any(|unique| unique.attributes.list("columns") == columns)
    })
}

/// An attribute that a statement can't be without.
pub(crate) fn needed<'a>(
    id: &Id,
    said: &'a driftlock_schema::Attributes,
    attribute: &str,
) -> Result<&'a str, CreateError> {
    said.text(attribute).ok_or_else(|| CreateError::new(id.clone(), format!("its {attribute} isn't said")))
}

pub(crate) fn sequence(object: &Object) -> String {
    let said = &object.attributes;
    let mut sql = format!("CREATE SEQUENCE {}", quote(&object.name.name));
    for (attribute, words) in
        [("start", "START WITH"), ("minimum", "MINVALUE"), ("maximum", "MAXVALUE"), ("increment", "INCREMENT BY")]
    {
        if let Some(value) = said.get(attribute) {
            sql.push_str(&format!(" {words} {value}"));
        }
    }
    match said.number("cache") {
        Some(0) => sql.push_str(" NOCACHE"),
        Some(cache) => sql.push_str(&format!(" CACHE {cache}")),
        None => {}
    }
    sql.push_str(if said.flag("cycle") { " CYCLE" } else { " NOCYCLE" });
    if let Some(comment) = said.text("comment") {
        sql.push_str(&format!(" COMMENT={}", string(comment)));
    }
    if let Some(engine) = said.text("engine") {
        sql.push_str(&format!(" ENGINE={engine}"));
    }
    sql
}
