//! Functions, procedures and aggregates.

use driftlock_schema::{Attributes, Code, Name, Object, Value};

use super::grants::elements;
use super::reading::oid;
use super::relations::pairs;
use super::{Address, Source, catalog, since};
use crate::spelling::normal_body;
use crate::sql::Values;

/// The types of what a routine is called with, which tell it from others of its name.
const SIGNATURE: &str = "pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.format_type(i.type, NULL) \
     FROM pg_catalog.unnest(p.proargtypes::oid[]) WITH ORDINALITY AS i (type, at) ORDER BY i.at), ', ')";

pub(super) const ROUTINES: Source = Source {
    sql: |major| {
        let body = since(major, 14, "pg_catalog.pg_get_function_sqlbody(p.oid)", "NULL::text");
        format!(
            "SELECT p.oid, n.nspname, p.proname, {SIGNATURE}, p.prokind, p.proowner, p.proacl::text, \
             ARRAY(SELECT pg_catalog.format_type(i.type, NULL) FROM pg_catalog.unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) \
             WITH ORDINALITY AS i (type, at) ORDER BY i.at)::text, \
             p.proargmodes::text, p.proargnames::text, \
             CASE WHEN p.pronargdefaults > 0 THEN ARRAY(SELECT coalesce(pg_catalog.pg_get_function_arg_default(p.oid, i), '') \
             FROM pg_catalog.generate_series(1, pg_catalog.cardinality(coalesce(p.proallargtypes, p.proargtypes::oid[]))) i)::text END, \
             CASE WHEN p.prokind <> 'p' THEN pg_catalog.pg_get_function_result(p.oid) END, l.lanname, p.provolatile, p.proisstrict, p.prosecdef, \
             p.proleakproof, p.proparallel, \
             CASE WHEN p.procost <> CASE WHEN l.lanname IN ('c', 'internal') THEN 1 ELSE 100 END THEN p.procost::text END, \
             CASE WHEN p.proretset AND p.prorows <> 1000 THEN p.prorows::text END, nullif(p.prosupport, 0)::pg_catalog.regprocedure::text, \
             p.proconfig::text, ARRAY(SELECT pg_catalog.format_type(i, NULL) FROM pg_catalog.unnest(p.protrftypes) i)::text, \
             p.prosrc, p.probin, {body} \
             FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
             JOIN pg_catalog.pg_language l ON l.oid = p.prolang WHERE p.prokind <> 'a' AND {{users}} \
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass \
             AND d.objid = p.oid AND d.deptype = 'i' AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass)"
        )
    },
    read: |reading, row| {
        let is_procedure = row.optional(4)? == Some("p");
        let name = Name::within(row.text(1)?, row.text(2)?).signature(row.text(3)?);
        let mut object = Object::new(if is_procedure { "procedure" } else { "function" }, name);
        let owner = oid(&row, 5)?;
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(owner));
        say.set_some("grants", reading.grants('f', owner, row.optional(6)?));
        let arguments = arguments(&row)?;
        if !arguments.is_empty() {
            say.set("arguments", arguments);
        }
        say.set_some("returns", row.maybe(11)?);
        say.set_flag("window", row.optional(4)? == Some("w"));
        match row.optional(13)? {
            Some("i") => say.set("volatility", "immutable"),
            Some("s") => say.set("volatility", "stable"),
            _ => {}
        }
        say.set_flag("strict", row.yes(14)?);
        say.set_flag("security_definer", row.yes(15)?);
        say.set_flag("leakproof", row.yes(16)?);
        parallel(say, row.optional(17)?);
        say.set_some("cost", row.maybe(18)?);
        say.set_some("rows", row.maybe(19)?);
        say.set_some("support", row.maybe(20)?);
        say.set_some("settings", row.optional(21)?.map(elements).as_deref().and_then(pairs));
        let transforms = elements(&row.text(22)?);
        if !transforms.is_empty() {
            say.set("transforms", transforms);
        }
        code(say, &row)?;
        reading.object(Address::read(catalog::PROC, &row, 0)?, object);
        Ok(())
    },
};

/// What it is called with and gives back, each a map. The columns of a table that it returns are in `returns`.
fn arguments(row: &Values<'_>) -> Result<Vec<Value>, driftlock_database::Error> {
    let list = |at| Ok::<_, driftlock_database::Error>(row.optional(at)?.map(elements));
    let (types, modes, names, defaults) = (list(7)?.unwrap_or_default(), list(8)?, list(9)?, list(10)?);
    let of = |list: &Option<Vec<String>>, at: usize| -> Option<String> {
        list.as_ref().and_then(|list| list.get(at)).filter(|it| !it.is_empty()).cloned()
    };
    let argument = |(at, kind): (usize, String)| {
        let mode = match of(&modes, at).as_deref() {
            Some("o") => Some("out"),
            Some("b") => Some("inout"),
            Some("v") => Some("variadic"),
            Some("t") => return None,
            _ => None,
        };
        let mut map = vec![("type", kind)];
        map.extend(mode.map(|mode| ("mode", mode.to_owned())));
        map.extend(of(&names, at).map(|name| ("name", name)));
        map.extend(of(&defaults, at).map(|default| ("default", default)));
        Some(Value::map(map))
    };
    Ok(types.into_iter().enumerate().filter_map(argument).collect())
}

fn parallel(say: &mut Attributes, letter: Option<&str>) {
    match letter {
        Some("s") => say.set("parallel", "safe"),
        Some("r") => say.set("parallel", "restricted"),
        _ => {}
    }
}

/// What it does: an SQL-standard body as the server prints it, a library and what to call in it, or a text in a language.
fn code(say: &mut Attributes, row: &Values<'_>) -> Result<(), driftlock_database::Error> {
    let language = row.text(12)?;
    let source = row.maybe(23)?.unwrap_or_default();
    if let Some(body) = row.maybe(25)? {
        say.set("sql_body", body);
        return Ok(());
    }
    if let Some(library) = row.maybe(24)? {
        say.set("library", library);
    }
    let body = match language.as_str() {
        "sql" | "plpgsql" => Value::from(Code::new(source.clone(), &normal_body(&source))),
        _ => Value::from(source),
    };
    if language != "sql" {
        say.set("language", language);
    }
    say.set("body", body);
    Ok(())
}

pub(super) const AGGREGATES: Source = Source {
    sql: |_| {
        let function = |column: &str| format!("nullif(a.{column}, 0)::pg_catalog.regproc::text");
        let functions = [
            "aggfinalfn",
            "aggcombinefn",
            "aggserialfn",
            "aggdeserialfn",
            "aggmtransfn",
            "aggminvtransfn",
            "aggmfinalfn",
        ]
        .map(function)
        .join(", ");
        // What the final function may do to the state is by default nothing for a plain aggregate, and anything for others.
        let modify = |column: &str| {
            format!("CASE WHEN a.{column} <> CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END THEN a.{column}::text END")
        };
        let (modifies, moving_modifies) = (modify("aggfinalmodify"), modify("aggmfinalmodify"));
        format!(
            "SELECT p.oid, n.nspname, p.proname, {SIGNATURE}, p.proowner, p.proacl::text, pg_catalog.pg_get_function_arguments(p.oid), a.aggkind, \
             p.proparallel, a.aggtransfn::pg_catalog.regproc::text, pg_catalog.format_type(a.aggtranstype, NULL), nullif(a.aggtransspace, 0), \
             a.agginitval, a.aggfinalextra, {modifies}, \
             CASE WHEN a.aggsortop <> 0 THEN (SELECT pg_catalog.format('%I.%s', os.nspname, o.oprname) FROM pg_catalog.pg_operator o \
             JOIN pg_catalog.pg_namespace os ON os.oid = o.oprnamespace WHERE o.oid = a.aggsortop) END, \
             CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, NULL) END, nullif(a.aggmtransspace, 0), a.aggminitval, \
             a.aggmfinalextra, CASE WHEN a.aggmtransfn <> 0 THEN {moving_modifies} END, {functions} \
             FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
             JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid WHERE {{users}}"
        )
    },
    read: |reading, row| {
        let name = Name::within(row.text(1)?, row.text(2)?).signature(row.text(3)?);
        let mut object = Object::new("aggregate", name);
        let owner = oid(&row, 4)?;
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(owner));
        say.set_some("grants", reading.grants('f', owner, row.optional(5)?));
        say.set_some("arguments", row.maybe(6)?.filter(|arguments| !arguments.is_empty()));
        // An ordered set shows in the arguments.
        say.set_flag("hypothetical", row.optional(7)? == Some("h"));
        parallel(say, row.optional(8)?);
        say.set_some("state_function", row.maybe(9)?);
        say.set_some("state_type", row.maybe(10)?);
        say.set_some("state_size", row.maybe_number(11)?);
        say.set_some("initial", row.maybe(12)?);
        say.set_flag("final_extra", row.yes(13)?);
        say.set_some("final_modify", row.optional(14)?.map(modify));
        say.set_some("sort_operator", row.maybe(15)?);
        say.set_some("moving_state_type", row.maybe(16)?);
        say.set_some("moving_state_size", row.maybe_number(17)?);
        say.set_some("moving_initial", row.maybe(18)?);
        say.set_flag("moving_final_extra", row.yes(19)?);
        say.set_some("moving_final_modify", row.optional(20)?.map(modify));
        let functions = [
            "final_function",
            "combine_function",
            "serialize_function",
            "deserialize_function",
            "moving_state_function",
            "moving_inverse_function",
            "moving_final_function",
        ];
        for (at, function) in functions.into_iter().enumerate() {
            say.set_some(function, row.maybe(21 + at)?);
        }
        reading.object(Address::read(catalog::PROC, &row, 0)?, object);
        Ok(())
    },
};

fn modify(letter: &str) -> &'static str {
    match letter {
        "r" => "read_only",
        "s" => "shareable",
        _ => "read_write",
    }
}

#[cfg(test)]
mod tests {
    use crate::spelling::normal_body;

    #[test]
    fn only_what_a_body_says_counts() {
        assert_eq!(normal_body("SELECT  1 -- one\n"), normal_body("select 1"));
        assert_ne!(normal_body("select 'A'"), normal_body("select 'a'"));
        assert_ne!(normal_body("select \"A\""), normal_body("select \"a\""));
    }
}
