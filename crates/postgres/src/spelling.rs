//! The one way of many to spell an expression that the server itself prints in more than one.
//!
//! PostgreSQL prints `(ARRAY['a'::character varying])::text[]` for a list that was widened as a whole, reads that text as a list whose items are widened, and
//! prints `ARRAY[('a'::character varying)::text]` from then on (`transformTypeCast` in its parser hands the type on to the items of an array
//! constructor). So a dump that is restored says something else than the database that it was taken of, and means the same. Here both are spelled the second way.

use std::borrow::Cow;

use driftlock_schema::{Object, Value};
use driftlock_script::{Dialect, TokenKind, significant};

const OPEN: &str = "(ARRAY[";

/// The attributes that are expressions, or have some in them.
const EXPRESSIONS: [&str; 13] = [
    "bound",
    "check",
    "columns",
    "default",
    "definition",
    "elements",
    "expression",
    "expressions",
    "generated",
    "partition_by",
    "using",
    "when",
    "where",
];

/// A body in SQL or PL/pgSQL by its tokens: the case of words, spaces and comments make no difference.
pub(crate) fn normal_body(body: &str) -> String {
    let mut normal = String::with_capacity(body.len());
    for token in significant(body, Dialect::Postgres) {
        if !normal.is_empty() {
            normal.push(' ');
        }
        match token.kind {
            TokenKind::Word => normal.push_str(&token.text.to_ascii_lowercase()),
            _ => normal.push_str(token.text),
        }
    }
    normal
}

/// Spells all expressions of an object the one way.
pub(crate) fn settle(object: &mut Object) {
    let parts = object.parts.iter_mut().map(|part| &mut part.attributes);
    for attributes in std::iter::once(&mut object.attributes).chain(parts) {
        for name in EXPRESSIONS {
            if let Some(value) = attributes.get(name).and_then(settled_value) {
                attributes.set(name, value);
            }
        }
    }
}

/// The value spelled the one way, where that is another.
fn settled_value(value: &Value) -> Option<Value> {
    match value {
        Value::Text(text) => match settled(text) {
            Cow::Owned(text) => Some(text.into()),
            Cow::Borrowed(_) => None,
        },
        Value::List(items) => {
            let settled: Vec<Option<Value>> = items.iter().map(settled_value).collect();
            let any = settled.iter().any(Option::is_some);
            let all = items.iter().zip(settled).map(|(item, settled)| settled.unwrap_or_else(|| item.clone()));
            any.then(|| Value::List(all.collect()))
        }
        Value::Map(map) => {
            let settled: Vec<(&String, Value)> =
                map.iter().filter_map(|(key, value)| Some((key, settled_value(value)?))).collect();
            if settled.is_empty() {
                return None;
            }
            let mut all = map.clone();
            all.extend(settled.into_iter().map(|(key, value)| (key.clone(), value)));
            Some(Value::Map(all))
        }
        _ => None,
    }
}

/// An expression as the server prints it once it has read its own text.
fn settled(expression: &str) -> Cow<'_, str> {
    spell(expression, true)
}

/// The same for an account in which expressions stand among other words, whose quotes aren't those of SQL.
pub(crate) fn settled_account(said: &str) -> Cow<'_, str> {
    spell(said, false)
}

fn spell(expression: &str, minds_quotes: bool) -> Cow<'_, str> {
    // Hardly any has one.
    if !expression.contains(OPEN) {
        return Cow::Borrowed(expression);
    }
    let mut settled = Cow::Borrowed(expression);
    let mut from = 0;
    while let Some(at) = find(&settled, from, minds_quotes) {
        match spread(&settled[at..]) {
            Some((text, length)) => {
                let whole = format!("{}{text}{}", &settled[..at], &settled[at + length..]);
                settled = Cow::Owned(whole);
            }
            None => from = at + OPEN.len(),
        }
    }
    settled
}

/// Where the next widened list is, at `from` or behind it, in no string and no quoted name.
fn find(text: &str, from: usize, minds_quotes: bool) -> Option<usize> {
    if !minds_quotes {
        return text[from..].find(OPEN).map(|at| from + at);
    }
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) => quote = if c == open { None } else { quote },
            None if c == '\'' || c == '"' => quote = Some(c),
            None if at >= from && text[at..].starts_with(OPEN) => return Some(at),
            None => {}
        }
    }
    None
}

/// The list at the head of a text with its items widened, and how much of the text it took.
fn spread(text: &str) -> Option<(String, usize)> {
    let list = &text[OPEN.len()..];
    let mut items = vec![0];
    let (mut depth, mut quote, mut end) = (0, None, None);
    for (at, c) in list.char_indices() {
        match (quote, c) {
            (Some(open), _) => quote = if c == open { None } else { quote },
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ']') if depth == 0 => {
                end = Some(at);
                break;
            }
            (None, ')' | ']') => depth -= 1,
            (None, ',') if depth == 0 => items.push(at + 1),
            (None, _) => {}
        }
    }
    let end = end?;
    let rest = list[end..].strip_prefix("])::")?;
    let length = rest.find("[]")?;
    let element = &rest[..length];
    let is_type = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | '"' | '(' | ')' | ',');
    if element.is_empty() || !element.chars().all(is_type) {
        return None;
    }
    let ends = items.iter().skip(1).map(|start| start - 1).chain([end]);
    let widened: Vec<String> =
        items.iter().zip(ends).map(|(start, end)| format!("({})::{element}", list[*start..end].trim())).collect();
    let taken = OPEN.len() + end + "])::".len() + length + "[]".len();
    Some((format!("ARRAY[{}]", widened.join(", ")), taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_widened_list_is_spelled_as_the_server_reads_it_back() {
        let cases = [
            (
                "((status)::text = ANY ((ARRAY['in progress'::character varying, 'it''s, (so)'::character varying])::text[]))",
                "((status)::text = ANY (ARRAY[('in progress'::character varying)::text, ('it''s, (so)'::character varying)::text]))",
            ),
            ("(n = ANY ((ARRAY[1, f(2, 3)])::bigint[]))", "(n = ANY (ARRAY[(1)::bigint, (f(2, 3))::bigint]))"),
            ("(n = ANY (ARRAY[1, 2]))", "(n = ANY (ARRAY[1, 2]))"),
            ("(t = '(ARRAY[1])::bigint[]'::text)", "(t = '(ARRAY[1])::bigint[]'::text)"),
            ("(ARRAY[1, 2])[1]", "(ARRAY[1, 2])[1]"),
            ("(ARRAY[(ARRAY[1])::bigint[]])::numeric(10,2)[]", "ARRAY[(ARRAY[(1)::bigint])::numeric(10,2)]"),
        ];
        for (printed, expected) in cases {
            assert_eq!(settled(printed), expected);
        }
    }
}
