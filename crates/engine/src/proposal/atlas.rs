//! Atlas: `atlas.hcl`, its environments (Atlas's documentation, "Project Configuration", 0.38).

use std::path::Path;

use driftlock_script::Layout;

use super::address::Address;
use super::dotenv::Dotenv;
use super::hcl::{self, Attribute, Value};
use super::{Trace, at_line, read_text, tidy};
use crate::Setting;

const FILE: &str = "atlas.hcl";

pub(super) fn read(root: &Path, dotenv: &Dotenv, notes: &mut Vec<String>) -> Option<Trace> {
    let text = read_text(root, FILE, notes)?;
    let attributes = hcl::parse(&text);
    let mut trace = Trace { tool: "Atlas", layout: Some(Layout::Atlas), ..Trace::default() };
    for attribute in &attributes {
        let Some((kind, label)) = attribute.blocks.first().filter(|(kind, _)| kind == "env") else { continue };
        debug_assert_eq!(kind, "env");
        let inner: Vec<&str> = attribute.blocks[1..].iter().map(|(kind, _)| kind.as_str()).collect();
        let origin = at_line(FILE, attribute.line);
        let value = resolved(&attributes, &attribute.value, 0);
        match (inner.as_slice(), attribute.name.as_str()) {
            ([], "url") => {
                // One without a name is for any.
                let name = label.as_deref().unwrap_or("dev").to_owned();
                let address = match value {
                    Value::Text(text) => Address::written(&text),
                    Value::Variable(variable) => match dotenv.get(&variable) {
                        Some(text) => Address::in_variable(&variable, &text.value),
                        None => Address::Variable(variable, None, Vec::new()),
                    },
                    _ => Address::Unusable(format!("the URL of `{name}` is put together from several things")),
                };
                trace.databases.push((name, Setting { value: address, origin }));
            }
            (["migration"], "dir") => {
                let Value::Text(text) = value else { continue };
                let Some(path) = text.strip_prefix("file://") else {
                    trace.notes.push(format!(
                        "{origin}: `{}` is no directory of this project, and was left out",
                        scheme(&text)
                    ));
                    continue;
                };
                let (path, query) = path.split_once('?').unwrap_or((path, ""));
                if let Some(format) = query.split('&').find_map(|pair| pair.strip_prefix("format=")) {
                    trace.layout = Layout::parse(format);
                }
                trace.directory.get_or_insert(Setting { value: tidy(path), origin });
            }
            (["migration"], "format") => {
                if let Value::Text(name) | Value::Reference(name) = value {
                    trace.layout = Layout::parse(&name);
                }
            }
            (["migration"], "revisions_schema") => {
                if let Value::Text(schema) = value {
                    trace.table = Some(Setting { value: format!("{schema}.atlas_schema_revisions"), origin });
                }
            }
            _ => {}
        }
    }
    Some(trace)
}

fn scheme(text: &str) -> &str {
    text.split_once("://").map_or("it", |(scheme, _)| scheme)
}

/// What a reference leads to: a variable's default, or a local value. A few steps are enough for what people write.
fn resolved(all: &[Attribute], value: &Value, depth: u8) -> Value {
    let Value::Reference(name) = value else { return value.clone() };
    let found = match name.split_once('.') {
        Some(("var", name)) => all.iter().find(|it| {
            it.name == "default"
                && it.blocks.first().is_some_and(|(kind, label)| kind == "variable" && label.as_deref() == Some(name))
        }),
        Some(("local", name)) => {
            all.iter().find(|it| it.name == name && it.blocks.first().is_some_and(|(kind, _)| kind == "locals"))
        }
        _ => None,
    };
    match found {
        Some(attribute) if depth < 5 => resolved(all, &attribute.value, depth + 1),
        _ => value.clone(),
    }
}
