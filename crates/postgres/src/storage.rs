//! How values of a type are kept where nothing is said.

/// The storage of a type of the server's own: `EXTENDED`, `MAIN` or `PLAIN`. That of a type that somebody made is taken to be extended.
pub(crate) fn usual(kind: &str) -> &'static str {
    if kind.ends_with("[]") {
        return "EXTENDED";
    }
    match kind.split('(').next().unwrap_or(kind).trim_end() {
        "numeric" | "inet" | "cidr" => "MAIN",
        "smallint"
        | "integer"
        | "bigint"
        | "real"
        | "double precision"
        | "boolean"
        | "date"
        | "time"
        | "time without time zone"
        | "time with time zone"
        | "timestamp"
        | "timestamp without time zone"
        | "timestamp with time zone"
        | "interval"
        | "uuid"
        | "macaddr"
        | "macaddr8"
        | "oid"
        | "name"
        | "money"
        | "point"
        | "line"
        | "lseg"
        | "box"
        | "circle"
        | "\"char\""
        | "pg_lsn"
        | "tsquery" => "PLAIN",
        _ => "EXTENDED",
    }
}
