//! The statements that make a schema, in an order in which each can run.
//!
//! A kind of object is a file in `create/` with a function that turns an object of it into [`Steps`]; it is named in [`KINDS`]. A step makes
//! the object itself, or says more of it; what the object requires comes before its first step, and among the steps that could come next,
//! the one of the lowest [`Rank`] does. So tables are made before defaults, defaults before keys, keys before foreign keys, and functions may
//! ask for tables as tables may for functions. Comments, owners and grants are added alike for every kind by [`Steps::facets`].

mod behaviour;
mod collations;
pub(crate) mod columns;
pub(crate) mod constraints;
mod extensions;
pub(crate) mod facets;
pub(crate) mod foreign;
pub(crate) mod indexes;
mod languages;
mod operators;
mod privileges;
mod publications;
pub(crate) mod relations;
mod routines;
mod schemas;
pub(crate) mod sequences;
mod statistics;
pub(crate) mod steps;
mod text_search;
mod types;

use driftlock_database::{CreateError, Creation};
use driftlock_schema::{Id, Name, Object, Schema};

pub(crate) use self::routines::setting;
pub(crate) use self::steps::{Rank, Steps};
use crate::sql::identifier;

/// Makes the steps of an object.
type Make = fn(&Schema, &Object, &mut Steps) -> Result<(), CreateError>;

/// All, by kind.
const KINDS: &[(&str, Make)] = &[
    ("schema", schemas::schema),
    ("sequence", sequences::sequence),
    ("table", relations::table),
    ("foreign_table", relations::table),
    ("view", relations::view),
    ("materialized_view", relations::materialized_view),
    ("statistics", statistics::statistics),
    ("access_method", operators::access_method),
    ("aggregate", routines::aggregate),
    ("cast", collations::cast),
    ("collation", collations::collation),
    ("composite_type", types::composite),
    ("conversion", collations::conversion),
    ("default_privileges", privileges::default_privileges),
    ("domain", types::domain),
    ("enum", types::enumeration),
    ("event_trigger", languages::event_trigger),
    ("extension", extensions::extension),
    ("foreign_data_wrapper", foreign::wrapper),
    ("function", routines::routine),
    ("language", languages::language),
    ("operator", operators::operator),
    ("operator_class", operators::class),
    ("operator_family", operators::family),
    ("procedure", routines::routine),
    ("publication", publications::publication),
    ("range_type", types::range),
    ("server", foreign::server),
    ("text_search_configuration", text_search::configuration),
    ("text_search_dictionary", text_search::dictionary),
    ("text_search_parser", text_search::parser),
    ("text_search_template", text_search::template),
    ("transform", languages::transform),
    ("user_mapping", foreign::user_mapping),
];

/// How every text in a schema is read, whatever the session says.
const SETTINGS: &[&str] = &[
    "SET check_function_bodies = off",
    "SELECT pg_catalog.set_config('search_path', '', false)",
    "SET standard_conforming_strings = on",
    "SET DateStyle = 'ISO'",
    "SET IntervalStyle = 'postgres'",
    "SET TimeZone = 'UTC'",
    "SET xmloption = content",
    "SET row_security = off",
    "SET default_tablespace = ''",
    "SET default_table_access_method = heap",
    "SET client_min_messages = warning",
];

/// All that is said of one object, which may be a table that others inherit.
pub(crate) fn of(schema: &Schema, object: &Object, is_inherited: bool) -> Result<Steps, CreateError> {
    let Some((_, make)) = KINDS.iter().find(|(kind, _)| object.kind == **kind) else {
        return Err(CreateError::new(object.id(), format!("there is no way to make a {}", object.kind.words())));
    };
    let mut steps = Steps::with_inherited(is_inherited.then(|| object.name.clone()));
    make(schema, object, &mut steps)?;
    Ok(steps)
}

pub(crate) fn statements(schema: &Schema) -> Result<Vec<Creation>, CreateError> {
    let database = Id::new("database", Name::new(""));
    let mut creations: Vec<Creation> =
        SETTINGS.iter().map(|setting| Creation::new(database.clone(), *setting)).collect();
    let mut steps = Steps::with_inherited(schema.objects().flat_map(relations::inherited_by));
    schemas::without_public(schema, &mut steps);
    for object in schema.objects() {
        let Some((_, make)) = KINDS.iter().find(|(kind, _)| object.kind == **kind) else {
            return Err(CreateError::new(object.id(), format!("there is no way to make a {}", object.kind.words())));
        };
        make(schema, object, &mut steps)?;
    }
    creations.extend(steps.in_order()?);
    Ok(creations)
}

/// What has to be said of an object for it to be made.
pub(crate) fn needed<'o>(object: &'o Object, attribute: &str) -> Result<&'o str, CreateError> {
    let missing = || CreateError::new(object.id(), format!("nothing is said of its {}", attribute.replace('_', " ")));
    object.attributes.text(attribute).ok_or_else(missing)
}

/// A name with its schema, as SQL.
pub(crate) fn qualified(name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{}.{}", identifier(schema), identifier(&name.name)),
        None => identifier(&name.name),
    }
}
