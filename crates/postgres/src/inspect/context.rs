//! What has to be known before any object is read: the roles, what they may do by default, and what extensions brought.

use super::Source;
use super::reading::oid;

/// The roles. Whoever connects, the database's own role is the one that owns it; the one that owns driftlock's history (a table with columns
/// that no other tool's has); and the role that stands for the owner in grants.
pub(super) const ROLES: Source = Source {
    sql: |_| {
        "SELECT r.oid, r.rolname, r.rolname = 'pg_database_owner' \
         OR r.oid IN (SELECT d.datdba FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) \
         OR r.oid IN (SELECT c.relowner FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relname LIKE '%history' AND c.relkind IN ('r', 'p') AND a.attname IN ('attempt', 'rollback_sql', 'tool_version', 'chain') \
         GROUP BY c.oid, c.relowner HAVING count(*) = 4) \
         FROM pg_catalog.pg_roles r"
            .to_owned()
    },
    read: |reading, row| {
        reading.role(oid(&row, 0)?, row.text(1)?, row.yes(2)?);
        Ok(())
    },
};

/// What the owner and everybody may do with what nobody has granted anything on, by kind.
pub(super) const DEFAULT_GRANTS: Source = Source {
    sql: |_| {
        "SELECT k, pg_catalog.acldefault(k::\"char\", 10)::text FROM pg_catalog.unnest('{c,r,s,f,l,n,F,S,T,L}'::text[]) k"
            .to_owned()
    },
    read: |reading, row| {
        let kind = row.parsed(0, |text| text.chars().next())?;
        reading.privileges.know(kind, &row.text(1)?);
        Ok(())
    },
};

/// The members of extensions: the extension is all that is said of them.
pub(super) const MEMBERS: Source = Source {
    sql: |_| {
        "SELECT d.classid, d.objid FROM pg_catalog.pg_depend d \
         WHERE d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
            .to_owned()
    },
    read: |reading, row| {
        reading.member(oid(&row, 0)?, oid(&row, 1)?);
        Ok(())
    },
};
