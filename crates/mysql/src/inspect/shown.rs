//! What no catalog tells of a table and `SHOW CREATE TABLE` does: how it is partitioned, its period, keys without overlaps, a parser of
//! texts, and the blocks of an index. Asked for tables that show a sign of such.

use driftlock_database::Error;
use driftlock_schema::{Object, Part, Value};
use driftlock_script::{Token, TokenKind};

use super::columns::{bytes, is_binary, may_lack_default};
use super::constraints::set_check;
use super::indexes::has_blocks;
use super::text::{mended, without_database};
use super::{Found, Reader};
use crate::parse::{identifier, parts, words};

pub(super) async fn read(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    for name in std::mem::take(&mut found.shown) {
        let Some(sql) = reader.shown("TABLE", &name, 1).await? else {
            found.incomplete.insert(format!("table {name} can't be shown whole: grant SELECT"));
            continue;
        };
        if let Some(table) = found.tables.get_mut(&name) {
            mend(table, &sql, &reader.database);
            let text = without_database(&sql, &reader.database).unwrap_or(sql.as_str().into());
            add(table, &text, reader.product.is_mariadb);
        }
    }
    Ok(())
}

fn add(table: &mut Object, sql: &str, mariadb: bool) {
    let tokens = words(sql);
    let open = tokens.iter().position(|token| token.text == "(").unwrap_or(tokens.len());
    let close = closing(&tokens, open);
    for definition in parts(&tokens[(open + 1).min(close)..close]) {
        check_of_column(table, sql, definition);
        if !mariadb {
            default_of_column(table, definition);
            no_default(table, definition);
        }
        period(table, definition);
        key(table, definition);
    }
    let rest = &tokens[close.min(tokens.len())..];
    unsaid(table, rest);
    let by = rest.windows(2).position(|pair| pair[0].is("PARTITION") && pair[1].is("BY"));
    if let Some(by) = by {
        partitioning(table, sql, &rest[by + 2..]);
    }
}

/// `` `a` longtext NOT NULL CHECK (json_valid(`a`)) ``: the catalog names such a check after what the column was called when it was made.
fn check_of_column(table: &mut Object, sql: &str, definition: &[Token<'_>]) {
    let Some(name) = definition.first().filter(|token| token.kind == TokenKind::QuotedIdentifier).and_then(identifier)
    else {
        return;
    };
    let Some(at) = definition.iter().position(|token| token.is("CHECK")) else { return };
    let end = closing(definition, at);
    let Some(clause) = definition.get(at + 2..end).and_then(|tokens| said(sql, tokens)) else { return };
    let collation = table.attributes.text("collation").map(str::to_owned);
    let is_it = |part: &&mut Part| part.kind == "column" && part.name == name;
    let Some(column) = table.parts.iter_mut().find(is_it) else { return };
    if column.attributes.get("check").is_none() && column.attributes.text("type") != Some("json") {
        set_check(column, collation.as_deref(), clause);
    }
}

/// `` `a` varchar(9) DEFAULT 0xF09F9880 ``: MySQL prints letters of four bytes, and bytes that are none, by their numbers.
fn default_of_column(table: &mut Object, definition: &[Token<'_>]) {
    let name = definition.first().filter(|token| token.kind == TokenKind::QuotedIdentifier).and_then(identifier);
    let Some(at) = definition.iter().position(|token| token.is("DEFAULT")) else { return };
    let (Some(name), Some(value)) = (name, definition.get(at + 1)) else { return };
    let of_table = table.attributes.text("collation").map(str::to_owned);
    let is_it = |part: &&mut Part| part.kind == "column" && part.name == name;
    let Some(column) = table.parts.iter_mut().find(is_it) else { return };
    let is_lossy = |default: &str| default.contains('?') || default.starts_with("0x");
    if !column.attributes.text("default").is_some_and(is_lossy) {
        return;
    }
    let digits = value.text.strip_prefix("0x");
    if digits.is_none() && value.kind != TokenKind::String {
        return;
    }
    let is_text = !is_binary(column.attributes.text("type").unwrap_or_default().split('(').next().unwrap_or_default())
        && column.attributes.text("collation").or(of_table.as_deref()).is_some_and(|it| it.starts_with("utf8"));
    let letters = digits.filter(|_| is_text).and_then(|digits| String::from_utf8(bytes(digits)?).ok());
    let letters = letters.filter(|letters| !letters.chars().any(char::is_control));
    let default = letters.map_or_else(|| value.text.to_owned(), |letters| super::text::string(&letters));
    column.attributes.set("default", default);
}

/// `` `a` varchar(9) ``, and not `` `a` varchar(9) DEFAULT NULL ``.
fn no_default(table: &mut Object, definition: &[Token<'_>]) {
    let name = definition.first().filter(|token| token.kind == TokenKind::QuotedIdentifier).and_then(identifier);
    let Some(column) = table.parts.iter_mut().find(|part| part.kind == "column" && Some(&part.name) == name.as_ref())
    else {
        return;
    };
    let said = &mut column.attributes;
    let kind = said.text("type").unwrap_or_default().split('(').next().unwrap_or_default();
    let is_unsaid = ["default", "generated"].iter().all(|attribute| said.get(attribute).is_none());
    let is_bare = !definition.iter().any(|token| token.is("DEFAULT"));
    let lacks = is_unsaid && is_bare && may_lack_default(said.flag("not_null"), kind);
    said.set_flag("no_default", lacks);
}

/// Brings back the letters that the catalog lost in expressions.
fn mend(table: &mut Object, sql: &str, database: &str) {
    let sql = without_database(sql, database).unwrap_or(sql.into());
    for part in &mut table.parts {
        for attribute in ["default", "generated", "check", "expression"] {
            let lossy = part.attributes.text(attribute).filter(|text| text.contains('?'));
            if let Some(text) = lossy.and_then(|text| mended(text, &sql, 4)) {
                part.attributes.set(attribute, text);
            }
        }
    }
}

/// Where the parenthesis that opens here closes.
fn closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" => depth += 1,
            ")" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// `` PERIOD FOR `app` (`from`, `till`) ``. The check that comes with it is no other's.
fn period(table: &mut Object, definition: &[Token<'_>]) {
    let [period, with, name, _, start, _, end, ..] = definition else { return };
    if !period.is("PERIOD") || !with.is("FOR") || name.kind != TokenKind::QuotedIdentifier {
        return;
    }
    let (Some(name), Some(start), Some(end)) = (identifier(name), identifier(start), identifier(end)) else { return };
    table.parts.retain(|part| part.kind != "check" || part.name != name);
    table.attributes.set("period", Value::map([("name", name), ("start", start), ("end", end)]));
}

/// The catalog tells of each table of Aria's whether it survives a crash, `SHOW CREATE TABLE` where somebody said so.
fn unsaid(table: &mut Object, rest: &[Token<'_>]) {
    let Some(Value::Map(options)) = table.attributes.get("options") else { return };
    if !options.contains_key("transactional") || rest.iter().any(|token| token.is("TRANSACTIONAL")) {
        return;
    }
    let mut options = options.clone();
    options.remove("transactional");
    table.attributes.remove("options");
    table.attributes.set_some("options", Some(options).filter(|it| !it.is_empty()).map(Value::Map));
}

/// `` UNIQUE KEY `k` (`id`,`app` WITHOUT OVERLAPS) ``, `` FULLTEXT KEY `f` (`a`) WITH PARSER `ngram` ``, `` KEY `k` (`a`) KEY_BLOCK_SIZE=2048 ``.
fn key(table: &mut Object, definition: &[Token<'_>]) {
    let Some(at) = definition.iter().position(|token| token.is("KEY")) else { return };
    if at > 1 {
        return;
    }
    let name = if definition[0].is("PRIMARY") {
        Some("PRIMARY".to_owned())
    } else {
        definition.get(at + 1).and_then(identifier)
    };
    let Some(name) = name else { return };
    let is_key = |part: &&mut Part| {
        part.name == name && ["primary_key", "unique", "index"].iter().any(|kind| part.kind == *kind)
    };
    let has_blocks = has_blocks(table.attributes.text("engine").unwrap_or_default());
    let Some(part) = table.parts.iter_mut().find(is_key) else { return };
    if let Some(size) = definition.iter().position(|token| token.is("KEY_BLOCK_SIZE")).filter(|_| has_blocks) {
        let size = definition.get(size + 2).and_then(|token| token.text.parse::<i64>().ok());
        part.attributes.set_some("key_block_size", size);
    }
    if let Some(without) = definition.windows(2).position(|pair| pair[0].is("WITHOUT") && pair[1].is("OVERLAPS")) {
        let period = without.checked_sub(1).and_then(|at| identifier(&definition[at]));
        // The columns of the period come last.
        let mut columns = part.attributes.list("columns").to_vec();
        columns.truncate(columns.len().saturating_sub(2));
        part.attributes.set("columns", columns);
        part.attributes.set_some("without_overlaps", period);
    }
    if let Some(with) = definition.windows(2).position(|pair| pair[0].is("WITH") && pair[1].is("PARSER")) {
        part.attributes.set_some("parser", definition.get(with + 2).and_then(identifier));
    }
}

/// What stands behind PARTITION BY.
fn partitioning(table: &mut Object, sql: &str, tokens: &[Token<'_>]) {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is(word));
    let number = |at: usize| tokens.get(at).and_then(|token| token.text.parse::<i64>().ok());
    // The list of partitions is the parenthesis that begins so.
    let list = (0..tokens.len()).find(|&at| tokens[at].text == "(" && is(at + 1, "PARTITION")).unwrap_or(tokens.len());
    let head_end = |from: usize| {
        let word =
            |at: usize| is(at, "PARTITIONS") || is(at, "SUBPARTITIONS") || (is(at, "SUBPARTITION") && is(at + 1, "BY"));
        (from..list).find(|&at| word(at)).unwrap_or(list)
    };
    let end = head_end(0);
    table.attributes.set_some("partition_by", said(sql, &tokens[..end]));
    let mut at = end;
    while at < list {
        if is(at, "SUBPARTITION") {
            let end = head_end(at + 2);
            table.attributes.set_some("subpartition_by", said(sql, &tokens[at + 2..end]));
            at = end;
        } else {
            let attribute = if is(at, "PARTITIONS") { "partitions" } else { "subpartitions" };
            table.attributes.set_some(attribute, number(at + 1));
            at += 2;
        }
    }
    let engine = table.attributes.text("engine").unwrap_or_default().to_owned();
    let close = closing(tokens, list);
    for (place, definition) in (1i64..).zip(parts(&tokens[(list + 1).min(close)..close])) {
        let Some(name) = definition.get(1).and_then(identifier) else { continue };
        let (said_of, below) = match definition.iter().rposition(|token| token.is("SUBPARTITION")) {
            Some(_) => {
                let open = definition.iter().position(|token| token.is("SUBPARTITION")).unwrap_or(1) - 1;
                (&definition[..open], Some(&definition[open + 1..definition.len() - 1]))
            }
            None => (definition, None),
        };
        let mut part = Part::new("partition", name).with("position", place);
        options(&mut part, sql, &said_of[2..], &engine);
        if let Some(below) = below {
            let of = |piece: &[Token<'_>]| {
                let mut sub = Part::new("subpartition", piece.get(1).and_then(identifier).unwrap_or_default());
                options(&mut sub, sql, piece.get(2..).unwrap_or_default(), &engine);
                let said = sub.attributes.iter().map(|(name, value)| (name.to_owned(), value.clone()));
                Value::map([("name".to_owned(), Value::from(sub.name.clone()))].into_iter().chain(said))
            };
            part.attributes.set("subpartitions", parts(below).into_iter().map(of).collect::<Vec<_>>());
        }
        table.parts.push(part);
    }
}

/// `VALUES LESS THAN (10) COMMENT = 'a' ENGINE = InnoDB`.
fn options(part: &mut Part, sql: &str, tokens: &[Token<'_>], engine: &str) {
    let mut at = 0;
    let is_option = |at: usize| {
        tokens.get(at + 1).is_some_and(|token| token.text == "=")
            || (tokens[at].is("DATA") || tokens[at].is("INDEX"))
                && tokens.get(at + 1).is_some_and(|next| next.is("DIRECTORY"))
    };
    let values = (0..tokens.len()).find(|&at| is_option(at)).unwrap_or(tokens.len());
    part.attributes.set_some("values", said(sql, &tokens[..values]));
    at += values;
    while at < tokens.len() {
        let sign = (at..tokens.len()).find(|&at| tokens[at].text == "=").unwrap_or(tokens.len());
        let Some(value) = tokens.get(sign + 1) else { return };
        let name: Vec<String> = tokens[at..sign].iter().map(|token| token.text.to_ascii_lowercase()).collect();
        match name.join("_").trim_matches('`') {
            "comment" => part.attributes.set("comment", crate::inspect::shown::string(value.text)),
            "engine" => part.attributes.set_some("engine", Some(value.text).filter(|own| *own != engine)),
            other => part.attributes.set(other.to_owned(), value.text),
        }
        at = sign + 2;
    }
}

/// What a string says.
pub(super) fn string(sql: &str) -> String {
    let inner = sql.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(sql);
    let mut text = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => {
                letters.next();
                text.push('\'');
            }
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('0') => text.push('\0'),
                Some(other) => text.push(other),
                None => {}
            },
            letter => text.push(letter),
        }
    }
    text
}

/// The text of these tokens as it stands, with single spaces for lines, and for the comments for older servers that MySQL wraps what it prints into.
fn said(sql: &str, tokens: &[Token<'_>]) -> Option<String> {
    let mut end = tokens.first()?.start;
    let mut said = String::new();
    for token in tokens {
        let between = &sql[end..token.start];
        let is_plain = !between.contains(['\n', '*']);
        said.push_str(if is_plain { between } else { " " });
        said.push_str(token.text);
        end = token.start + token.text.len();
    }
    Some(said)
}
