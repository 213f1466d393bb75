//! What is called otherwise on the other side: said by somebody, and looked up in the schema where it has its former name.

use std::collections::BTreeSet;

use driftlock_database::{Engine, Hazard, Rename, Step};
use driftlock_schema::{Id, Name, Object, Schema};
use driftlock_script::Renaming;

use crate::Error;

/// The constraints of a table, each of a kind of its own.
const CONSTRAINTS: [&str; 6] = ["primary_key", "unique", "foreign_key", "check", "exclusion", "not_null"];

/// What is still to be renamed, in order. What has its new name already needs nothing; what the other side doesn't have under it stays as it is.
///
/// # Errors
/// Where neither name is there. What was `said` of these two schemas has to be in the first under one of both: a name that is in neither place is
/// mistyped, and what it should have named would be dropped. What is `written` in statements stays there for a database that never had it.
pub(super) fn resolve(
    said: &[Renaming],
    written: &[Renaming],
    from: &Schema,
    to: &Schema,
) -> Result<Vec<Rename>, Error> {
    let renamings: Vec<&Renaming> = said.iter().chain(written).collect();
    let mut renames: Vec<Rename> = Vec::new();
    // Objects first: scripts name a part by what its object is called now.
    let (parts, objects): (Vec<_>, Vec<_>) =
        renamings.iter().copied().partition(|it| found(it, &it.path, from).is_none_or(|rename| rename.part.is_some()));
    for renaming in objects.into_iter().chain(parts) {
        let before = |path: &[String]| {
            let (last, place) = path.split_last()?;
            let object = renames.iter().find(|it| it.part.is_none() && place.last() == Some(&it.to))?;
            let mut path = place.to_vec();
            path.pop();
            path.extend([object.object.name.name.clone(), last.clone()]);
            found(renaming, &path, from)
        };
        match found(renaming, &renaming.path, from).or_else(|| before(&renaming.path)) {
            Some(rename) => {
                if !renames.contains(&rename) {
                    renames.push(rename);
                }
            }
            None => {
                let mut now = renaming.path.clone();
                if let Some(last) = now.last_mut() {
                    last.clone_from(&renaming.to);
                }
                // What it belongs to may have another name by now, too.
                let mut ways = vec![now.clone()];
                for other in &renamings {
                    if let [.., place, _] = now.as_mut_slice()
                        && other.path.last() == Some(place)
                    {
                        place.clone_from(&other.to);
                        ways.push(now.clone());
                    }
                }
                let places = if said.contains(renaming) { &[from][..] } else { &[from, to][..] };
                let is_there = |way: &Vec<String>| places.iter().any(|it| found(renaming, way, it).is_some());
                let is_done = ways.iter().any(is_there);
                if !is_done {
                    return Err(Error::Usage(format!(
                        "{renaming}: the first schema has no {} {} that could be called otherwise, and none is called {}",
                        renaming.kind.replace('_', " "),
                        renaming.path.join("."),
                        renaming.to
                    )));
                }
            }
        }
    }
    // An object's parts while it has its former name.
    renames.sort_by_key(|rename| rename.part.is_none());
    Ok(renames)
}

/// The steps, of those that the engine has a statement for.
pub(super) fn steps(renames: &[Rename], engine: &dyn Engine) -> Vec<Step> {
    let step = |rename: &Rename| {
        let mut step = Step::new(rename.object.clone(), engine.rename(rename)?);
        step.transactional = engine.classify(&step.sql).class.is_transactional();
        let step = step.hazards([Hazard::BlocksReads, Hazard::BlocksWrites, Hazard::BreaksRunningCode]);
        // What it is undone by names the object as it is then.
        Some(match engine.rename(&rename.inverse()) {
            Some(inverse) => step.inverse(inverse),
            None => step,
        })
    };
    renames.iter().filter_map(step).collect()
}

/// Things of the one side that could be those of the other under another name.
pub(super) fn proposals(from: &Schema, to: &Schema) -> Vec<String> {
    let mut proposals = Vec::new();
    let only = |one: &Schema, other: &Schema| -> Vec<Id> {
        one.iter().filter(|(id, _)| other.get(id).is_none()).map(|(id, _)| id.clone()).collect()
    };
    let (gone, come) = (only(from, to), only(to, from));
    let body = |object: &Object| (object.attributes.clone(), object.parts.clone());
    for old in &gone {
        let Some(object) = from.get(old) else { continue };
        let same: Vec<&Id> = come
            .iter()
            .filter(|new| new.kind == old.kind && new.name.schema == old.name.schema)
            .filter(|new| to.get(new).is_some_and(|new| body(new) == body(object)))
            .collect();
        if let [new] = same.as_slice() {
            proposals.push(format!("{old}={}", Name::new(&*new.name.name)));
        }
    }
    for (id, object) in from.iter() {
        let Some(other) = to.get(id) else { continue };
        let names = |object: &Object| object.parts_of("column").map(|it| it.name.clone()).collect::<BTreeSet<_>>();
        let (one, two) = (names(object), names(other));
        for gone in one.difference(&two) {
            let attributes = object.part("column", gone).map(|it| &it.attributes);
            let same: Vec<&String> = two
                .difference(&one)
                .filter(|new| other.part("column", new).map(|it| &it.attributes) == attributes)
                .collect();
            if let [new] = same.as_slice() {
                proposals.push(format!("{id}.{}={}", Name::new(gone.as_str()), Name::new(new.as_str())));
            }
        }
    }
    proposals
}

/// What a path means in a schema.
fn found(renaming: &Renaming, path: &[String], schema: &Schema) -> Option<Rename> {
    let kind = renaming.kind.as_str();
    let (last, place) = path.split_last()?;
    let rename = |object: &Object, part: Option<&str>| Rename {
        object: object.id(),
        part: part.map(|kind| (kind.to_owned().into(), last.clone())),
        to: renaming.to.clone(),
    };
    let of_kind = |object: &Object| match kind {
        "type" => matches!(object.kind.as_str(), "enum" | "composite_type" | "range_type" | "domain"),
        kind => object.kind == *kind,
    };
    if let Some(object) = only(schema.objects().filter(|object| of_kind(object) && is_called(object, path))) {
        return Some(rename(object, None));
    }
    if place.is_empty() {
        // An index may be named without its table.
        let parts = schema.objects().filter(|object| kind == "index" && part_of(object, kind, last).is_some());
        return only(parts).map(|object| rename(object, part_of(object, kind, last)));
    }
    // `table:customer.mail` is a column of it.
    let part =
        if matches!(kind, "table" | "view" | "materialized_view" | "foreign_table" | "type") { "column" } else { kind };
    let objects = schema
        .objects()
        .filter(|object| is_called(object, place) && (part != "column" || kind == "column" || of_kind(object)));
    let object = only(objects.filter(|object| part_of(object, part, last).is_some()))?;
    Some(rename(object, part_of(object, part, last)))
}

/// The kind of an object's part of this name that is meant by a word for it.
fn part_of(object: &Object, kind: &str, name: &str) -> Option<&'static str> {
    let kinds: &[&'static str] = match kind {
        "constraint" => &CONSTRAINTS,
        "index" => &["index", "unique"],
        "column" => &["column"],
        "trigger" => &["trigger"],
        "policy" => &["policy"],
        "rule" => &["rule"],
        "enum_value" => {
            let mut labels = object.attributes.list("labels").iter();
            return labels.any(|label| label.as_text() == Some(name)).then_some("enum_value");
        }
        other => CONSTRAINTS.iter().position(|it| *it == other).map_or(&[], |at| &CONSTRAINTS[at..=at]),
    };
    kinds.iter().copied().find(|kind| object.part(kind, name).is_some())
}

/// Whether these names lead to it: its own, with its schema's or without.
fn is_called(object: &Object, path: &[String]) -> bool {
    match path {
        [name] => object.name.name == *name,
        [schema, name] => object.name.name == *name && object.name.schema.as_deref() == Some(schema.as_str()),
        _ => false,
    }
}

/// The only one; of several, the one in the schema that names without one are in.
fn only<'o>(objects: impl Iterator<Item = &'o Object>) -> Option<&'o Object> {
    let all: Vec<&Object> = objects.collect();
    match all.as_slice() {
        [one] => Some(one),
        several => several.iter().copied().find(|it| it.name.schema.as_deref() == Some("public")),
    }
}
