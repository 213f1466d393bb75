//! What of a database is most often somebody else's: other tools' own tables, a provider's schemas, what a manager makes.

use driftlock_database::ForeignHistory;
use driftlock_schema::{Id, Object, Rule, Schema};

/// A rule that leaves out what isn't the project's, and whose that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredRule {
    /// The rule.
    pub rule: Rule,
    /// Whose it is.
    pub reason: String,
}

/// Whose objects are known by their names.
struct Known {
    reason: &'static str,
    /// Rules that each mean something here, where the others are to be believed.
    evidence: &'static [&'static str],
    rules: &'static [&'static str],
}

const fn known(reason: &'static str, evidence: &'static [&'static str], rules: &'static [&'static str]) -> Known {
    Known { reason, evidence, rules }
}

/// Names as the documentation of each has them.
const KNOWN: &[Known] = &[
    known("pg_partman's own", &[], &["table:partman_*", "schema:partman", "partman.*"]),
    known("made by pg_partman", &["extension:pg_partman"], &["table:*_p20*"]),
    known(
        "PostGIS's",
        &[],
        &[
            "table:spatial_ref_sys",
            "view:geometry_columns",
            "view:geography_columns",
            "view:raster_columns",
            "view:raster_overviews",
        ],
    ),
    known("PostGIS's geocoder", &["schema:tiger"], &["schema:tiger*", "tiger.*", "tiger_data.*"]),
    known("PostGIS's topology", &["schema:topology", "table:topology.topology"], &["schema:topology", "topology.*"]),
    known(
        "TimescaleDB's",
        &["extension:timescaledb"],
        &["schema:_timescaledb_*", "_timescaledb_*.*", "timescaledb_*.*"],
    ),
    known(
        "Supabase's",
        &["schema:auth", "schema:storage", "schema:realtime"],
        &[
            "schema:auth",
            "auth.*",
            "schema:storage",
            "storage.*",
            "schema:realtime",
            "realtime.*",
            "schema:_realtime",
            "_realtime.*",
            "schema:graphql*",
            "graphql.*",
            "graphql_public.*",
            "schema:vault",
            "vault.*",
            "schema:pgbouncer",
            "pgbouncer.*",
            "schema:extensions",
            "extensions.*",
            "schema:supabase_*",
            "supabase_*.*",
            "schema:_analytics",
            "_analytics.*",
            "schema:pgsodium*",
            "pgsodium.*",
            "event_trigger:issue_*",
            "event_trigger:pgrst_*",
            "publication:supabase_realtime*",
        ],
    ),
    known("Hasura's", &["schema:hdb_catalog"], &["schema:hdb_catalog", "hdb_catalog.*"]),
    known("Heroku's", &["schema:heroku_ext"], &["schema:heroku_ext", "heroku_ext.*", "schema:_heroku", "_heroku.*"]),
    known("Neon's", &["schema:neon_auth"], &["schema:neon_auth", "neon_auth.*"]),
    known("Google Cloud SQL's", &["schema:google_vacuum_mgmt"], &["schema:google_vacuum_mgmt", "google_vacuum_mgmt.*"]),
    known("Amazon RDS's", &["schema:rdsadmin"], &["schema:rdsadmin", "rdsadmin.*"]),
    known("pgRoll's", &["schema:pgroll"], &["schema:pgroll", "pgroll.*"]),
    known("gh-ost's", &[], &["table:_*_gho", "table:_*_ghc"]),
    known("Litestream's", &["table:_litestream_seq"], &["table:_litestream_*"]),
    known("Cloudflare D1's", &["table:_cf_KV"], &["table:_cf_*"]),
    known(
        "Rails's record",
        &["table:ar_internal_metadata"],
        &["table:ar_internal_metadata", "table:schema_migrations"],
    ),
    known("Liquibase's lock", &[], &["table:databasechangeloglock", "table:DATABASECHANGELOGLOCK"]),
    known("Knex's lock", &["table:knex_migrations"], &["table:knex_migrations_lock"]),
    known("Sequelize's record", &[], &["table:SequelizeMeta"]),
    known("Entity Framework's record", &[], &["table:__EFMigrationsHistory"]),
    known("Drizzle's record", &[], &["table:__drizzle_migrations", "schema:drizzle"]),
    known("Kysely's record", &["table:kysely_migration"], &["table:kysely_migration", "table:kysely_migration_lock"]),
    known("node-pg-migrate's record", &[], &["table:pgmigrations"]),
];

/// The rules that a project is to begin with, given all that there is and the tables in which other tools keep what they applied: no rule for what
/// isn't there, and none that leaves out what the rest is built on.
#[must_use]
pub fn propose_ignored(schema: &Schema, histories: &[ForeignHistory]) -> Vec<IgnoredRule> {
    let mut proposed = Vec::new();
    let mut propose = |rule: Option<Rule>, reason: String| {
        let Some(rule) = rule else { return };
        if schema.iter().any(|(id, _)| rule.means(id)) && !proposed.iter().any(|it: &IgnoredRule| it.rule == rule) {
            proposed.push(IgnoredRule { rule, reason });
        }
    };
    for history in histories {
        let means = |id: &&Id| id.kind == "table" && is_named(id, &history.table);
        let rule = schema.iter().map(|(id, _)| id).find(means).map(Rule::exactly);
        propose(rule, format!("{}'s record", history.tool));
    }
    let is_there = |rule: &str| rule.parse::<Rule>().is_ok_and(|rule| schema.iter().any(|(id, _)| rule.means(id)));
    for known in KNOWN.iter().filter(|known| known.evidence.iter().all(|rule| is_there(rule))) {
        for rule in known.rules {
            propose(rule.parse().ok(), known.reason.to_owned());
        }
    }
    without_foundations(proposed, schema)
}

fn is_named(id: &Id, table: &str) -> bool {
    let full = id.name.schema.as_ref().map(|schema| format!("{schema}.{}", id.name.name));
    id.name.name == table || full.as_deref() == Some(table)
}

/// Without the rules that leave out what something else needs that stays.
fn without_foundations(mut proposed: Vec<IgnoredRule>, schema: &Schema) -> Vec<IgnoredRule> {
    loop {
        let stays = |id: &Id, proposed: &[IgnoredRule]| !proposed.iter().any(|it| it.rule.means(id));
        let needs = |object: &Object| -> Vec<Id> {
            object.requires.iter().chain(object.parts.iter().flat_map(|part| &part.requires)).cloned().collect()
        };
        let needed: Vec<Id> = schema
            .iter()
            .filter(|(id, _)| stays(id, &proposed))
            .flat_map(|(_, object)| needs(object))
            .filter(|id| schema.get(id).is_some() && !stays(id, &proposed))
            .collect();
        let before = proposed.len();
        proposed.retain(|it| !needed.iter().any(|id| it.rule.means(id)));
        if proposed.len() == before {
            return proposed;
        }
    }
}

#[cfg(test)]
mod tests {
    use driftlock_schema::Name;

    use super::*;

    fn schema(ids: &[&str]) -> Schema {
        let mut schema = Schema::new("postgres");
        for id in ids {
            let id: Id = id.parse().unwrap();
            schema.insert(Object::new(id.kind, id.name));
        }
        schema
    }

    fn rules(schema: &Schema, histories: &[ForeignHistory]) -> Vec<String> {
        propose_ignored(schema, histories).iter().map(|it| format!("{} ({})", it.rule, it.reason)).collect()
    }

    #[test]
    fn proposes_what_is_there_and_somebody_elses() {
        let schema = schema(&[
            "table:public.orders",
            "table:public.spatial_ref_sys",
            "table:public.schema_migrations",
            "schema:auth",
        ]);
        let histories = [ForeignHistory { tool: "dbmate", table: "schema_migrations".to_owned() }];
        assert_eq!(
            rules(&schema, &histories),
            ["table:public.schema_migrations (dbmate's record)", "table:spatial_ref_sys (PostGIS's)"],
            "a schema that is called auth may be anybody's"
        );
    }

    #[test]
    fn nothing_is_left_out_that_something_else_needs() {
        let mut schema = schema(&["schema:auth", "schema:storage", "schema:realtime", "table:auth.users"]);
        assert_eq!(rules(&schema, &[]).len(), 4);
        let mut profile = Object::new("table", Name::within("public", "profile"));
        profile.requires.push("table:auth.users".parse().unwrap());
        schema.insert(profile);
        assert_eq!(
            rules(&schema, &[]),
            ["schema:auth", "schema:storage", "schema:realtime"].map(|it| format!("{it} (Supabase's)"))
        );
    }
}
