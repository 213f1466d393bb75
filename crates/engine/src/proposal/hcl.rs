//! As much of HCL as `atlas.hcl` needs: blocks, and attributes whose value is a text, a reference or a call with one text.

/// An attribute, with the blocks that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    /// Each block's type and label: `env "local"`, `migration`.
    pub(super) blocks: Vec<(String, Option<String>)>,
    pub(super) name: String,
    pub(super) value: Value,
    /// From 1.
    pub(super) line: usize,
}

/// What is understood of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A text without anything put into it.
    Text(String),
    /// `getenv("NAME")`
    Variable(String),
    /// `var.url`, `local.url`, `atlas`.
    Reference(String),
    /// Something else.
    Other,
}

/// Reads what is understood. What isn't HCL ends the reading: what came before it counts.
pub(super) fn parse(text: &str) -> Vec<Attribute> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut blocks: Vec<(String, Option<String>)> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            [(Token::Sign('}'), _), ..] => {
                blocks.pop();
                at += 1;
            }
            [(Token::Word(kind), _), (Token::Text(label, _), _), (Token::Sign('{'), _), ..] => {
                blocks.push((kind.clone(), Some(label.clone())));
                at += 3;
            }
            [(Token::Word(kind), _), (Token::Sign('{'), _), ..] => {
                blocks.push((kind.clone(), None));
                at += 2;
            }
            [(Token::Word(name), line), (Token::Sign('='), _), ..] => {
                let end = value_end(&tokens, at + 2);
                let value = value(&tokens[at + 2..end]);
                found.push(Attribute { blocks: blocks.clone(), name: name.clone(), value, line: *line });
                at = end;
            }
            _ => at += 1,
        }
    }
    found
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// A text, and whether something is put into it.
    Text(String, bool),
    Sign(char),
    End,
}

fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut all = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let length = match sign {
            '\n' => {
                all.push((Token::End, line));
                line += 1;
                1
            }
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => {
                let length = rest.find("*/").map_or(rest.len(), |end| end + 2);
                line += rest[..length].matches('\n').count();
                length
            }
            '"' => {
                let (token, length) = quoted(rest);
                all.push((token, line));
                length
            }
            '<' if rest.starts_with("<<") => {
                let (length, lines) = heredoc(rest);
                all.push((Token::Text(String::new(), true), line));
                line += lines;
                length
            }
            sign if sign.is_alphanumeric() || sign == '_' => {
                let end =
                    rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(rest.len());
                all.push((Token::Word(rest[..end].to_owned()), line));
                end
            }
            sign if sign.is_whitespace() => sign.len_utf8(),
            sign => {
                all.push((Token::Sign(sign), line));
                sign.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    all
}

/// A text in quotes, and how long it is with them.
fn quoted(text: &str) -> (Token, usize) {
    let mut value = String::new();
    let mut depth = 0_usize;
    let mut filled = false;
    let mut signs = text.char_indices().skip(1);
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' if depth == 0 => match signs.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, other)) => value.push(other),
                None => break,
            },
            '"' if depth == 0 => return (Token::Text(value, filled), at + 1),
            // A text that is put into this one may have quotes of its own.
            '$' | '%' if text[at + 1..].starts_with('{') => {
                filled = true;
                value.push(sign);
            }
            '{' if filled => {
                depth += 1;
                value.push(sign);
            }
            '}' if depth > 0 => {
                depth -= 1;
                value.push(sign);
            }
            other => value.push(other),
        }
    }
    (Token::Text(value, true), text.len())
}

/// How long `<<EOT … EOT` is, and over how many lines.
fn heredoc(text: &str) -> (usize, usize) {
    let mark = text.trim_start_matches('<').trim_start_matches('-').lines().next().unwrap_or_default().trim();
    let mut length = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        length += line.len();
        if number > 0 && line.trim() == mark {
            return (length.saturating_sub(1), number);
        }
    }
    (text.len(), text.matches('\n').count())
}

/// Where a value ends: at the line's end, unless brackets are open.
fn value_end(tokens: &[(Token, usize)], start: usize) -> usize {
    let mut depth = 0_i32;
    for (at, (token, _)) in tokens.iter().enumerate().skip(start) {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign('}') if depth == 0 => return at,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            Token::End if depth <= 0 => return at,
            _ => {}
        }
    }
    tokens.len()
}

fn value(tokens: &[(Token, usize)]) -> Value {
    let tokens: Vec<&Token> = tokens.iter().map(|(token, _)| token).filter(|token| **token != Token::End).collect();
    match tokens.as_slice() {
        [Token::Text(text, false)] => Value::Text(text.clone()),
        // `"${getenv("X")}"`: nothing but one thing is put into it.
        [Token::Text(text, true)] => match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            Some(inside) if !inside.contains("${") => value(&self::tokens(inside)),
            _ => Value::Other,
        },
        [Token::Word(call), Token::Sign('('), Token::Text(name, false), Token::Sign(')')] if call == "getenv" => {
            Value::Variable(name.clone())
        }
        [Token::Word(name)] => Value::Reference(name.clone()),
        _ => Value::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_atlas_files_have() {
        let text = "variable \"url\" {\n  type    = string # a comment\n  default = getenv(\"DB\")\n}\n/* of\ntwo lines */\n\
                    env \"local\" {\n  src = [\n    \"file://a.hcl\",\n  ]\n  url = \"mysql://a:\\\"b@h/d\"\n  migration {\n    dir = \"file://m\"\n  }\n\
                    \x20 format { migrate { diff = \"{{ sql . \\\"  \\\" }}\" } }\n  lint = <<EOT\n url = \"no\"\nEOT\n  x = \"${getenv(\"X\")}\"\n  y = \"a${var.b}c\"\n  z = var.url }\n";
        let found: Vec<String> = parse(text)
            .iter()
            .map(|it| {
                let blocks: Vec<String> = it
                    .blocks
                    .iter()
                    .map(|(kind, label)| format!("{kind}:{}", label.as_deref().unwrap_or("-")))
                    .collect();
                format!("{} {} {} {:?}", it.line, blocks.join("/"), it.name, it.value)
            })
            .collect();
        assert_eq!(
            found,
            [
                "2 variable:url type Reference(\"string\")",
                "3 variable:url default Variable(\"DB\")",
                "8 env:local src Other",
                "11 env:local url Text(\"mysql://a:\\\"b@h/d\")",
                "13 env:local/migration:- dir Text(\"file://m\")",
                "15 env:local/format:-/migrate:- diff Text(\"{{ sql . \\\"  \\\" }}\")",
                "16 env:local lint Other",
                "19 env:local x Variable(\"X\")",
                "20 env:local y Other",
                "21 env:local z Reference(\"var.url\")",
            ]
        );
        for broken in ["env \"a\" {", "}}}}", "a = \"open", "env \"a\" { url = <<EOT\n", "/* open", "\u{0}=\u{0}"] {
            parse(broken);
        }
    }
}
