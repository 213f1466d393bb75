//! Operators, their classes and families, and access methods.

use driftlock_schema::{Id, Name, Object, Value};

use super::reading::{Reading, oid};
use super::{Address, Source, catalog};

pub(super) const ACCESS_METHODS: Source = Source {
    sql: |_| {
        "SELECT a.oid, a.amname, a.amtype, a.amhandler::pg_catalog.regproc::text FROM pg_catalog.pg_am a WHERE a.oid >= 16384".to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("access_method", Name::new(row.text(1)?)).with("handler", row.text(3)?);
        object.attributes.set_flag("for_tables", row.optional(2)? == Some("t"));
        reading.object(Address::read(catalog::AM, &row, 0)?, object);
        Ok(())
    },
};

/// An operator, called by its name and the types of what is on its sides.
pub(super) const OPERATORS: Source = Source {
    sql: |_| {
        let side = |column: &str| {
            format!("CASE WHEN o.{column} = 0 THEN 'NONE' ELSE pg_catalog.format_type(o.{column}, NULL) END")
        };
        let other = |column: &str| {
            format!(
                "(SELECT pg_catalog.format('%I.%s', s.nspname, c.oprname) FROM pg_catalog.pg_operator c \
                 JOIN pg_catalog.pg_namespace s ON s.oid = c.oprnamespace WHERE c.oid = o.{column})"
            )
        };
        format!(
            "SELECT o.oid, n.nspname, o.oprname, {}, {}, o.oprowner, nullif(o.oprcode, 0)::pg_catalog.regproc::text, {}, {}, \
             nullif(o.oprrest, 0)::pg_catalog.regproc::text, nullif(o.oprjoin, 0)::pg_catalog.regproc::text, o.oprcanhash, o.oprcanmerge, \
             EXISTS (SELECT FROM pg_catalog.pg_operator c WHERE c.oprcom = o.oid OR c.oprnegate = o.oid) \
             FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE {{users}}",
            side("oprleft"),
            side("oprright"),
            other("oprcom"),
            other("oprnegate")
        )
    },
    read: |reading, row| {
        let (left, right) = (row.text(3)?, row.text(4)?);
        let name = Name::within(row.text(1)?, row.text(2)?).signature(format!("{left}, {right}"));
        let at = Address::read(catalog::OPERATOR, &row, 0)?;
        let Some(function) = row.maybe(6)? else {
            // Somebody's commutator or negator that was never defined is made with that one.
            if !row.yes(13)? && !reading.is_member(at) {
                reading.unmodelled(Id::new("operator", name), "the operator is declared and was never defined");
            }
            return Ok(());
        };
        let mut object = Object::new("operator", name).with("function", function);
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(oid(&row, 5)?));
        say.set_some("left", Some(left).filter(|side| side != "NONE"));
        say.set_some("right", Some(right).filter(|side| side != "NONE"));
        say.set_some("commutator", row.maybe(7)?);
        say.set_some("negator", row.maybe(8)?);
        say.set_some("restrict", row.maybe(9)?);
        say.set_some("join", row.maybe(10)?);
        say.set_flag("hashes", row.yes(11)?);
        say.set_flag("merges", row.yes(12)?);
        reading.object(at, object);
        Ok(())
    },
};

/// A family, called by its name and its access method's.
pub(super) const FAMILIES: Source = Source {
    sql: |_| {
        "SELECT f.oid, n.nspname, f.opfname, m.amname, f.opfowner FROM pg_catalog.pg_opfamily f \
         JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod WHERE {users}"
            .to_owned()
    },
    read: |reading, row| {
        let name = Name::within(row.text(1)?, row.text(2)?).signature(row.text(3)?);
        let mut object = Object::new("operator_family", name);
        object.attributes.set_some("owner", reading.owner(oid(&row, 4)?));
        reading.object(Address::read(catalog::OPFAMILY, &row, 0)?, object);
        Ok(())
    },
};

/// A class, called by its name and its access method's.
pub(super) const CLASSES: Source = Source {
    sql: |_| {
        "SELECT c.oid, n.nspname, c.opcname, m.amname, c.opcowner, pg_catalog.format_type(c.opcintype, NULL), c.opcdefault, \
         CASE WHEN f.opfname <> c.opcname OR f.opfnamespace <> c.opcnamespace THEN pg_catalog.format('%I.%I', s.nspname, f.opfname) END, \
         CASE WHEN c.opckeytype <> 0 THEN pg_catalog.format_type(c.opckeytype, NULL) END \
         FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod \
         JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily JOIN pg_catalog.pg_namespace s ON s.oid = f.opfnamespace WHERE {users}"
            .to_owned()
    },
    read: |reading, row| {
        let name = Name::within(row.text(1)?, row.text(2)?).signature(row.text(3)?);
        let mut object = Object::new("operator_class", name).with("type", row.text(5)?);
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(oid(&row, 4)?));
        say.set_flag("default", row.yes(6)?);
        say.set_some("family", row.maybe(7)?);
        say.set_some("storage", row.maybe(8)?);
        reading.object(Address::read(catalog::OPCLASS, &row, 0)?, object);
        Ok(())
    },
};

/// The operators of classes and families. Whether a class has one or its family alone, only the dependencies tell.
pub(super) const MEMBER_OPERATORS: Source = Source {
    sql: |_| {
        "SELECT a.oid, d.refobjid, a.amopfamily, a.amopstrategy, \
         (SELECT pg_catalog.format('%I.%s (%s, %s)', s.nspname, o.oprname, pg_catalog.format_type(o.oprleft, NULL), \
         pg_catalog.format_type(o.oprright, NULL)) FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace \
         WHERE o.oid = a.amopopr), \
         CASE WHEN a.amopsortfamily <> 0 THEN (SELECT pg_catalog.format('%I.%I', s.nspname, f.opfname) FROM pg_catalog.pg_opfamily f \
         JOIN pg_catalog.pg_namespace s ON s.oid = f.opfnamespace WHERE f.oid = a.amopsortfamily) END, \
         (SELECT pg_catalog.format('%I.%I (%s)', s.nspname, f.opfname, m.amname) FROM pg_catalog.pg_opfamily f \
         JOIN pg_catalog.pg_namespace s ON s.oid = f.opfnamespace JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod WHERE f.oid = a.amopfamily) \
         FROM pg_catalog.pg_amop a LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_amop'::pg_catalog.regclass AND d.objid = a.oid \
         AND d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass WHERE a.oid >= 16384"
            .to_owned()
    },
    read: |reading, row| {
        let mut said = vec![("number", Value::from(row.number(3)?)), ("operator", row.text(4)?.into())];
        said.extend(row.maybe(5)?.map(|family| ("order_by", family.into())));
        member(reading, &row, catalog::AMOP, "operators", Value::map(said))
    },
};

/// The functions of classes and families.
pub(super) const MEMBER_FUNCTIONS: Source = Source {
    sql: |_| {
        "SELECT a.oid, d.refobjid, a.amprocfamily, a.amprocnum, a.amproc::pg_catalog.regprocedure::text, \
         pg_catalog.format('%s, %s', pg_catalog.format_type(a.amproclefttype, NULL), pg_catalog.format_type(a.amprocrighttype, NULL)), \
         (SELECT pg_catalog.format('%I.%I (%s)', s.nspname, f.opfname, m.amname) FROM pg_catalog.pg_opfamily f \
         JOIN pg_catalog.pg_namespace s ON s.oid = f.opfnamespace JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod WHERE f.oid = a.amprocfamily) \
         FROM pg_catalog.pg_amproc a LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_amproc'::pg_catalog.regclass \
         AND d.objid = a.oid AND d.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass WHERE a.oid >= 16384"
            .to_owned()
    },
    read: |reading, row| {
        let said =
            [("number", Value::from(row.number(3)?)), ("function", row.text(4)?.into()), ("for", row.text(5)?.into())];
        member(reading, &row, catalog::AMPROC, "functions", Value::map(said))
    },
};

/// Puts a member into its class, or its family's list. The system's families have none.
fn member(
    reading: &mut Reading,
    row: &crate::sql::Values<'_>,
    of: u32,
    list: &'static str,
    said: Value,
) -> Result<(), driftlock_database::Error> {
    let at = Address::read(of, row, 0)?;
    if reading.is_member(at) {
        return Ok(());
    }
    let owner = match row.optional(1)? {
        Some(_) => Address::read(catalog::OPCLASS, row, 1)?,
        None => Address::read(catalog::OPFAMILY, row, 2)?,
    };
    let Some(say) = reading.attributes(owner) else {
        if owner.catalog == catalog::OPFAMILY && owner.object < 16384 {
            let family = row.text(6)?;
            let (name, method) = family.rsplit_once(" (").unwrap_or((&family, ""));
            let (schema, name) = name.split_once('.').unwrap_or(("pg_catalog", name));
            let id = Id::new("operator_family", Name::within(schema, name).signature(method.trim_end_matches(')')));
            reading.unmodelled(id, "something was added to a family of the system's");
        }
        return Ok(());
    };
    let mut members = say.list(list).to_vec();
    members.push(said);
    members.sort_by_key(ToString::to_string);
    say.set(list, members);
    reading.alias(at, owner);
    Ok(())
}
