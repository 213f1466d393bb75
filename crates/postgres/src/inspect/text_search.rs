//! Text search: configurations, dictionaries, parsers, templates.

use driftlock_schema::{Name, Object, Value};

use super::grants::elements;
use super::reading::oid;
use super::{Address, Source, catalog};

pub(super) const TEMPLATES: Source = Source {
    sql: |_| {
        "SELECT t.oid, n.nspname, t.tmplname, nullif(t.tmplinit, 0)::pg_catalog.regproc::text, t.tmpllexize::pg_catalog.regproc::text \
         FROM pg_catalog.pg_ts_template t JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace WHERE {users}"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("text_search_template", Name::within(row.text(1)?, row.text(2)?));
        object.attributes.set_some("init", row.maybe(3)?);
        object.attributes.set_some("lexize", row.maybe(4)?);
        reading.object(Address::read(catalog::TS_TEMPLATE, &row, 0)?, object);
        Ok(())
    },
};

pub(super) const PARSERS: Source = Source {
    sql: |_| {
        "SELECT p.oid, n.nspname, p.prsname, p.prsstart::pg_catalog.regproc::text, p.prstoken::pg_catalog.regproc::text, \
         p.prsend::pg_catalog.regproc::text, nullif(p.prsheadline, 0)::pg_catalog.regproc::text, p.prslextype::pg_catalog.regproc::text \
         FROM pg_catalog.pg_ts_parser p JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace WHERE {users}"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("text_search_parser", Name::within(row.text(1)?, row.text(2)?));
        for (at, function) in ["start", "token", "end", "headline", "lextypes"].into_iter().enumerate() {
            object.attributes.set_some(function, row.maybe(3 + at)?);
        }
        reading.object(Address::read(catalog::TS_PARSER, &row, 0)?, object);
        Ok(())
    },
};

pub(super) const DICTIONARIES: Source = Source {
    sql: |_| {
        "SELECT d.oid, n.nspname, d.dictname, d.dictowner, d.dictinitoption, pg_catalog.format('%I.%I', s.nspname, t.tmplname) \
         FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace \
         JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_catalog.pg_namespace s ON s.oid = t.tmplnamespace WHERE {users}"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("text_search_dictionary", Name::within(row.text(1)?, row.text(2)?))
            .with("template", row.text(5)?);
        object.attributes.set_some("owner", reading.owner(oid(&row, 3)?));
        object.attributes.set_some("options", row.maybe(4)?);
        reading.object(Address::read(catalog::TS_DICT, &row, 0)?, object);
        Ok(())
    },
};

pub(super) const CONFIGURATIONS: Source = Source {
    sql: |_| {
        "SELECT c.oid, n.nspname, c.cfgname, c.cfgowner, pg_catalog.format('%I.%I', s.nspname, p.prsname) FROM pg_catalog.pg_ts_config c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser \
         JOIN pg_catalog.pg_namespace s ON s.oid = p.prsnamespace WHERE {users}"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("text_search_configuration", Name::within(row.text(1)?, row.text(2)?))
            .with("parser", row.text(4)?);
        object.attributes.set_some("owner", reading.owner(oid(&row, 3)?));
        reading.object(Address::read(catalog::TS_CONFIG, &row, 0)?, object);
        Ok(())
    },
};

/// Which dictionaries a configuration asks about a kind of token, one after another.
pub(super) const MAPPINGS: Source = Source {
    sql: |_| {
        "SELECT c.oid, (SELECT t.alias FROM pg_catalog.ts_token_type(c.cfgparser) t WHERE t.tokid = m.maptokentype), \
         pg_catalog.array_agg(pg_catalog.format('%I.%I', s.nspname, d.dictname) ORDER BY m.mapseqno)::text \
         FROM pg_catalog.pg_ts_config_map m JOIN pg_catalog.pg_ts_config c ON c.oid = m.mapcfg \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_catalog.pg_ts_dict d ON d.oid = m.mapdict \
         JOIN pg_catalog.pg_namespace s ON s.oid = d.dictnamespace WHERE {users} GROUP BY c.oid, c.cfgparser, m.maptokentype"
            .to_owned()
    },
    read: |reading, row| {
        let (token, dictionaries) = (row.text(1)?, elements(&row.text(2)?));
        if let Some(say) = reading.attributes(Address::read(catalog::TS_CONFIG, &row, 0)?) {
            let mut mappings = match say.remove("mappings") {
                Some(Value::Map(map)) => map,
                _ => Default::default(),
            };
            mappings.insert(token, dictionaries.into());
            say.set("mappings", Value::Map(mappings));
        }
        Ok(())
    },
};
