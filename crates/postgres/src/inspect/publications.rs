//! Publications; and subscriptions, by name.

use driftlock_schema::{Id, Name, Object, Value};

use super::grants::elements;
use super::reading::oid;
use super::{Address, Source, catalog, since};

pub(super) const PUBLICATIONS: Source = Source {
    sql: |major| {
        let generated = since(major, 18, "nullif(p.pubgencols::text, 'n')", "NULL::text");
        format!(
            "SELECT p.oid, p.pubname, p.pubowner, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot, {generated} \
             FROM pg_catalog.pg_publication p WHERE p.oid >= 16384"
        )
    },
    read: |reading, row| {
        let mut object = Object::new("publication", Name::new(row.text(1)?));
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(oid(&row, 2)?));
        say.set_flag("all_tables", row.yes(3)?);
        let mut publish = Vec::new();
        for (at, what) in ["insert", "update", "delete", "truncate"].into_iter().enumerate() {
            if row.yes(4 + at)? {
                publish.push(what);
            }
        }
        if publish.len() < 4 {
            say.set("publish", publish);
        }
        say.set_flag("via_root", row.yes(8)?);
        say.set_some("generated_columns", row.optional(9)?.map(|letter| if letter == "s" { "stored" } else { "none" }));
        reading.object(Address::read(catalog::PUBLICATION, &row, 0)?, object);
        Ok(())
    },
};

pub(super) const PUBLISHED_TABLES: Source = Source {
    sql: |major| {
        let columns = since(
            major,
            15,
            "CASE WHEN r.prattrs IS NOT NULL THEN ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a \
             WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[]) ORDER BY a.attnum)::text END",
            "NULL::text",
        );
        let rows = since(major, 15, "pg_catalog.pg_get_expr(r.prqual, r.prrelid)", "NULL::text");
        format!(
            "SELECT r.oid, r.prpubid, pg_catalog.format('%I.%I', n.nspname, c.relname), {columns}, {rows} FROM pg_catalog.pg_publication_rel r \
             JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        )
    },
    read: |reading, row| {
        let publication = Address::read(catalog::PUBLICATION, &row, 1)?;
        let mut said = vec![("table", Value::from(row.text(2)?))];
        said.extend(row.optional(3)?.map(|columns| ("columns", elements(columns).into())));
        said.extend(row.maybe(4)?.map(|rows| ("where", rows.into())));
        push(reading, publication, "tables", Value::map(said));
        reading.alias(Address::read(catalog::PUBLICATION_REL, &row, 0)?, publication);
        Ok(())
    },
};

pub(super) const PUBLISHED_SCHEMAS: Source = Source {
    sql: |major| {
        let catalog = since(
            major,
            15,
            "(SELECT r.oid, r.pnpubid, r.pnnspid FROM pg_catalog.pg_publication_namespace r)",
            "(SELECT 0::oid AS oid, 0::oid AS pnpubid, 0::oid AS pnnspid WHERE false)",
        );
        format!(
            "SELECT r.oid, r.pnpubid, n.nspname FROM {catalog} r JOIN pg_catalog.pg_namespace n ON n.oid = r.pnnspid ORDER BY n.nspname"
        )
    },
    read: |reading, row| {
        let publication = Address::read(catalog::PUBLICATION, &row, 1)?;
        push(reading, publication, "schemas", row.text(2)?.into());
        reading.alias(Address::read(catalog::PUBLICATION_NAMESPACE, &row, 0)?, publication);
        Ok(())
    },
};

fn push(reading: &mut super::Reading, publication: Address, list: &'static str, said: Value) {
    let Some(say) = reading.attributes(publication) else { return };
    let mut all = say.list(list).to_vec();
    all.push(said);
    all.sort_by_key(ToString::to_string);
    say.set(list, all);
}

/// Subscriptions reach another server, with a connection string that may hold a password.
pub(super) const SUBSCRIPTIONS: Source = Source {
    sql: |_| {
        "SELECT s.subname FROM pg_catalog.pg_subscription s WHERE s.subdbid = \
         (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"
            .to_owned()
    },
    read: |reading, row| {
        let why = "a subscription reaches another server, and its connection string may hold a password";
        reading.unmodelled(Id::new("subscription", Name::new(row.text(0)?)), why);
        Ok(())
    },
};
