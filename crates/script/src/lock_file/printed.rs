//! The lock file's text: an object, a part and a line of code each stand on a line of their own, so that a review sees what changed.

use std::fmt::Write;

use driftlock_schema::{Attributes, Object, Part, Schema, Value};
use serde::Serialize;

use super::LockFile;

/// Everything but the checksum, which is of this.
pub(super) fn body(lock: &LockFile, of: &Schema) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line("{");
    line(&format!("  \"format\": {},", super::FORMAT));
    line(&format!("  \"engine\": {},", json(&lock.engine)));
    line(&format!("  \"version\": {},", json(&lock.version)));
    if !lock.database.is_empty() {
        let database: Vec<String> =
            lock.database.iter().map(|(name, value)| format!("{}: {}", json(name), json(value))).collect();
        line(&format!("  \"database\": {},", block('{', &database, '}', 2)));
    }
    line(&format!("  \"files\": {},", json(&lock.files)));
    line(&format!("  \"include\": {},", list(&lock.filter.included(), 2)));
    line(&format!("  \"exclude\": {},", list(&lock.filter.excluded(), 2)));
    let values: Vec<String> =
        lock.values.iter().map(|(name, value)| format!("{}: {}", json(name), json(value))).collect();
    line(&format!("  \"values\": {},", block('{', &values, '}', 2)));
    line(&format!("  \"fingerprint\": {},", json(&lock.fingerprint)));
    let empty: Vec<String> = lock.empty.iter().map(|(id, it)| format!("{}: {}", json(id), json(it))).collect();
    line(&format!("  \"empty\": {},", block('{', &empty, '}', 2)));
    let migrations: Vec<String> = lock
        .migrations
        .iter()
        .map(|it| {
            let changed = it.changed.iter().map(|(id, after)| format!("{}: {}", json(id), json(after)));
            let changed = block('{', &changed.collect::<Vec<_>>(), '}', 4);
            let (version, fingerprint) = (json(&it.version), json(&it.fingerprint));
            format!("{{\"version\": {version}, \"fingerprint\": {fingerprint}, \"changed\": {changed}}}")
        })
        .collect();
    line(&format!("  \"migrations\": {},", block('[', &migrations, ']', 2)));
    line(&format!("  \"schema\": {},", schema(of)));
    out
}

fn schema(schema: &Schema) -> String {
    let objects: Vec<String> = schema.objects().map(object).collect();
    format!("{{\"engine\": {}, \"objects\": {}}}", json(schema.engine()), block('[', &objects, ']', 2))
}

fn object(object: &Object) -> String {
    let mut out = format!("{{\"kind\": {}", json(&object.kind));
    if let Some(schema) = &object.name.schema {
        let _ = write!(out, ", \"schema\": {}", json(schema));
    }
    let _ = write!(out, ", \"name\": {}", json(&object.name.name));
    if let Some(signature) = &object.name.signature {
        let _ = write!(out, ", \"signature\": {}", json(signature));
    }
    rest(&mut out, &object.attributes, &object.requires, 4);
    if !object.parts.is_empty() {
        let parts: Vec<String> = object.parts.iter().map(part).collect();
        let _ = write!(out, ", \"parts\": {}", block('[', &parts, ']', 4));
    }
    out.push('}');
    out
}

fn part(part: &Part) -> String {
    let mut out = format!("{{\"kind\": {}, \"name\": {}", json(&part.kind), json(&part.name));
    rest(&mut out, &part.attributes, &part.requires, 6);
    out.push('}');
    out
}

fn rest(out: &mut String, attributes: &Attributes, requires: &[driftlock_schema::Id], indent: usize) {
    if !attributes.is_empty() {
        let pairs = attributes.iter().map(|(name, it)| format!("{}: {}", json(name), value(it, indent)));
        let _ = write!(out, ", \"attributes\": {{{}}}", pairs.collect::<Vec<_>>().join(", "));
    }
    if !requires.is_empty() {
        let ids: Vec<String> = requires.iter().map(json).collect();
        let _ = write!(out, ", \"requires\": [{}]", ids.join(", "));
    }
}

fn value(it: &Value, indent: usize) -> String {
    match it {
        Value::Flag(flag) => json(flag),
        Value::Number(number) => json(number),
        Value::Text(text) => json(text),
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| value(item, indent)).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let pairs = map.iter().map(|(key, it)| format!("{}: {}", json(key), value(it, indent)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Code(code) => {
            let text = if code.text.contains('\n') {
                let lines: Vec<String> = code.text.split('\n').map(json).collect();
                block('[', &lines, ']', indent)
            } else {
                json(&code.text)
            };
            format!("{{\"code\": {text}, \"sha256\": {}}}", json(&code.digest))
        }
    }
}

/// Each item on a line of its own, two further in than where it begins; nothing but the brackets where there is none.
fn block(open: char, items: &[String], close: char, indent: usize) -> String {
    if items.is_empty() {
        return format!("{open}{close}");
    }
    let inside = " ".repeat(indent + 2);
    format!("{open}\n{inside}{}\n{}{close}", items.join(&format!(",\n{inside}")), " ".repeat(indent))
}

fn list(items: &[String], indent: usize) -> String {
    block('[', &items.iter().map(json).collect::<Vec<_>>(), ']', indent)
}

/// On one line. None of what is written here can fail.
fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
