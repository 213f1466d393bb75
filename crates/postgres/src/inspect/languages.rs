//! Languages, transforms, event triggers.

use driftlock_schema::{Name, Object};

use super::grants::elements;
use super::reading::oid;
use super::{Address, Source, catalog};

pub(super) const LANGUAGES: Source = Source {
    sql: |_| {
        "SELECT l.oid, l.lanname, l.lanowner, l.lanacl::text, l.lanpltrusted, nullif(l.lanplcallfoid, 0)::pg_catalog.regproc::text, \
         nullif(l.laninline, 0)::pg_catalog.regproc::text, nullif(l.lanvalidator, 0)::pg_catalog.regproc::text \
         FROM pg_catalog.pg_language l WHERE l.oid >= 16384"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("language", Name::new(row.text(1)?));
        let owner = oid(&row, 2)?;
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(owner));
        say.set_some("grants", reading.grants('l', owner, row.optional(3)?));
        say.set_flag("trusted", row.yes(4)?);
        say.set_some("handler", row.maybe(5)?);
        say.set_some("inline", row.maybe(6)?);
        say.set_some("validator", row.maybe(7)?);
        reading.object(Address::read(catalog::LANGUAGE, &row, 0)?, object);
        Ok(())
    },
};

/// A transform, called by its type and its language.
pub(super) const TRANSFORMS: Source = Source {
    sql: |_| {
        "SELECT t.oid, pg_catalog.format_type(t.trftype, NULL), l.lanname, nullif(t.trffromsql, 0)::pg_catalog.regprocedure::text, \
         nullif(t.trftosql, 0)::pg_catalog.regprocedure::text FROM pg_catalog.pg_transform t \
         JOIN pg_catalog.pg_language l ON l.oid = t.trflang WHERE t.oid >= 16384"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("transform", Name::new(row.text(1)?).signature(row.text(2)?));
        object.attributes.set_some("from_sql", row.maybe(3)?);
        object.attributes.set_some("to_sql", row.maybe(4)?);
        reading.object(Address::read(catalog::TRANSFORM, &row, 0)?, object);
        Ok(())
    },
};

pub(super) const EVENT_TRIGGERS: Source = Source {
    sql: |_| {
        "SELECT e.oid, e.evtname, e.evtowner, e.evtevent, e.evtfoid::pg_catalog.regproc::text, e.evtenabled, e.evttags::text \
         FROM pg_catalog.pg_event_trigger e WHERE e.oid >= 16384"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("event_trigger", Name::new(row.text(1)?))
            .with("event", row.text(3)?)
            .with("function", row.text(4)?);
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(oid(&row, 2)?));
        match row.optional(5)? {
            Some("D") => say.set("enabled", "disabled"),
            Some("R") => say.set("enabled", "replica"),
            Some("A") => say.set("enabled", "always"),
            _ => {}
        }
        let mut tags = row.optional(6)?.map(elements).unwrap_or_default();
        tags.sort();
        if !tags.is_empty() {
            say.set("tags", tags);
        }
        reading.object(Address::read(catalog::EVENT_TRIGGER, &row, 0)?, object);
        Ok(())
    },
};
