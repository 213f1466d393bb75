//! goose's ENVSUB: what `$NAME` and `${NAME…}` stand for on a line. The grammar is that of mfridman/interpolate 0.0.2
//! (`parser.go`, `interpolate.go`), which goose uses line by line.

use std::collections::BTreeMap;

use crate::body::Replacement;

/// A line with its values put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expanded {
    /// As it runs.
    pub(super) line: String,
    /// What was replaced, by places in the line as it was.
    pub(super) replacements: Vec<Replacement>,
}

/// Why a line can't be expanded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Where on the line, in bytes.
    pub(super) at: usize,
    pub(super) message: String,
}

/// Puts the values of variables into a line. Of one that isn't set goose makes nothing, without a word; if it `runs`, that is a
/// fault here.
pub(super) fn expand(line: &str, environment: &BTreeMap<String, String>, runs: bool) -> Result<Expanded, Fault> {
    let mut reader = Reader { line, at: 0, environment, runs, depth: 0 };
    let (line, replacements) = reader.expression(None, true)?;
    Ok(Expanded { line, replacements })
}

/// Expressions inside each other that nobody writes.
const DEEPEST: usize = 32;

struct Reader<'a> {
    line: &'a str,
    at: usize,
    environment: &'a BTreeMap<String, String>,
    runs: bool,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// Text and variables up to a character or the line's end. What isn't `used`, a default that isn't needed, may lack values.
    fn expression(&mut self, end: Option<char>, used: bool) -> Result<(String, Vec<Replacement>), Fault> {
        let (mut text, mut replacements) = (String::new(), Vec::new());
        loop {
            let (start, rest) = (self.at, self.rest());
            let Some(first) = rest.chars().next().filter(|&first| Some(first) != end) else {
                return Ok((text, replacements));
            };
            let (length, replacement) = if rest.starts_with(r"\\") || rest.starts_with("$(") {
                (2, None)
            } else if rest.starts_with(r"\$") || rest.starts_with("$$") {
                (2, Some(("$".to_owned(), None)))
            } else if first == '$' && rest.len() > 1 {
                let (name, value) = self.variable(used)?;
                (self.at - start, Some((value, Some(name))))
            } else {
                (first.len_utf8(), None)
            };
            self.at = start + length;
            match replacement {
                None => text.push_str(&rest[..length]),
                Some((value, name)) => {
                    text.push_str(&value);
                    replacements.push(Replacement { range: start..self.at, text: value, name });
                }
            }
        }
    }

    /// `$NAME` or `${NAME…}`: what stands for it in the record of values, and its value.
    fn variable(&mut self, used: bool) -> Result<(String, String), Fault> {
        let start = self.at;
        self.at += 1;
        if !self.rest().starts_with('{') {
            let name = self.name(start)?;
            return Ok((name.to_owned(), self.value(name, used, start)?));
        }
        self.at += 1;
        let inside = self.at;
        let name = self.name(start)?;
        let set = self.environment.get(name).cloned();
        let value = match self.next() {
            Some('}') => return Ok((name.to_owned(), self.value(name, used, start)?)),
            Some(':') if self.rest().starts_with('-') => {
                self.at += 1;
                self.or_default(set.filter(|value| !value.is_empty()), used, start)?
            }
            Some(':') => {
                let value = self.value(name, used, start)?;
                self.part_of(&value, start)?
            }
            Some('-') => self.or_default(set, used, start)?,
            Some('?') => {
                let message = self.nested(false, start)?;
                match set {
                    Some(value) => value,
                    None if !used => String::new(),
                    None if message.is_empty() => return Err(fault(start, format!("the variable `{name}` isn't set"))),
                    None => return Err(fault(start, format!("the variable `{name}` isn't set: {message}"))),
                }
            }
            _ => {
                let message = format!(
                    "ENVSUB knows `${{{name}}}`, `${{{name}:-default}}`, `${{{name}-default}}`, `${{{name}?message}}` and `${{{name}:offset:length}}`; for a plain `$` write `\\$`"
                );
                return Err(fault(start, message));
            }
        };
        if self.next() != Some('}') {
            return Err(fault(start, "this `${` is never closed: add its `}` on the same line"));
        }
        Ok((self.line[inside..self.at - 1].to_owned(), value))
    }

    fn or_default(&mut self, value: Option<String>, used: bool, start: usize) -> Result<String, Fault> {
        let default = self.nested(used && value.is_none(), start)?;
        Ok(value.unwrap_or(default))
    }

    /// What stands up to the `}` of a variable.
    fn nested(&mut self, used: bool, start: usize) -> Result<String, Fault> {
        if self.depth == DEEPEST {
            return Err(fault(start, format!("more than {DEEPEST} `${{` inside each other")));
        }
        self.depth += 1;
        let text = self.expression(Some('}'), used)?.0;
        self.depth -= 1;
        Ok(text)
    }

    /// Bytes of a value: `offset` or `offset:length`, each counted from the end where it is negative.
    fn part_of(&mut self, value: &str, start: usize) -> Result<String, Fault> {
        let offset = self.number(&[':', '}'], start)?;
        let signed = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let size = signed(value.len());
        let from = if offset < 0 { offset.saturating_add(size).max(0) } else { offset.min(size) };
        let to = if self.rest().starts_with(':') {
            self.at += 1;
            let length = self.number(&['}'], start)?;
            let to = if length < 0 { length.saturating_add(size).max(from) } else { length.saturating_add(from) };
            to.min(size)
        } else {
            size
        };
        let index = |number: i64| usize::try_from(number).unwrap_or_default();
        let part = value.get(index(from)..index(to));
        part.map(str::to_owned).ok_or_else(|| fault(start, "this cuts a character of the value in two"))
    }

    fn number(&mut self, ends: &[char], start: usize) -> Result<i64, Fault> {
        let rest = self.rest();
        let text = rest.find(ends).map_or(rest, |end| &rest[..end]);
        self.at += text.len();
        let error = || fault(start, format!("`{}` is no number of bytes; a default is written `:-`", text.trim()));
        text.trim().parse().map_err(|_| error())
    }

    /// The value of a variable that has no default.
    fn value(&self, name: &str, used: bool, start: usize) -> Result<String, Fault> {
        match self.environment.get(name) {
            Some(value) => Ok(value.clone()),
            None if used && self.runs => {
                let message = format!(
                    "the variable `{name}` isn't set, and goose would put nothing in its place: set it, or write `${{{name}:-}}` where nothing is meant"
                );
                Err(fault(start, message))
            }
            None => Ok(String::new()),
        }
    }

    /// The name of a variable, whose `$` is at `start`.
    fn name(&mut self, start: usize) -> Result<&'a str, Fault> {
        let rest = self.rest();
        if !rest.starts_with(char::is_alphabetic) {
            let message = "no name of a variable follows this `$`: write `\\$` for a plain one, or end ENVSUB before it with `-- +goose ENVSUB OFF`";
            return Err(fault(start, message));
        }
        let is_part = |char: char| char.is_alphabetic() || char.is_numeric() || char == '_';
        let name = rest.find(|char| !is_part(char)).map_or(rest, |end| &rest[..end]);
        self.at += name.len();
        Ok(name)
    }

    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next();
        self.at += next.map_or(0, char::len_utf8);
        next
    }
}

fn fault(at: usize, message: impl Into<String>) -> Fault {
    Fault { at, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> BTreeMap<String, String> {
        [("A", "foo"), ("EMPTY", ""), ("É1_x", "é")].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// What the library itself makes of these lines.
    #[test]
    fn puts_values_in_as_goose_does() {
        let cases = [
            ("", ""),
            ("a $A b", "a foo b"),
            ("$A$A", "foofoo"),
            ("${A}x $Ax?", "foox ?"),
            ("$É1_x.", "é."),
            ("${EMPTY}|${EMPTY:-d}|${EMPTY-d}|${U:-d}|${U-d}", "|d||d|d"),
            ("${U:-}|${U-}", "|"),
            ("${U:-${A}-${U:-x}}", "foo-x"),
            ("${A:-${U}}", "foo"),
            ("${A?no}", "foo"),
            ("${EMPTY?no}", ""),
            (r"\$A $$A \\$A \A \", r"$A $A \\foo \A \"),
            (r"${U:-\$}", "$"),
            ("$(A) $", "$(A) $"),
            ("$$$A", "$foo"),
            ("$$ $", "$ $"),
            ("${A:1}|${A: -1}|${A:0:1}|${A:1:-1}|${A:9}|${A:-9}|${A: -9}|${A:1:9}|${A:2:-2}", "oo|o|f|o||foo|foo|oo|"),
            ("${A: 1 : 1 }", "o"),
            ("{A} } ${U:-{}}", "{A} } {}"),
        ];
        for (line, expected) in cases {
            // goose puts nothing where a variable isn't set: so in what doesn't run.
            let expanded = expand(line, &environment(), false).unwrap();
            assert_eq!(expanded.line, expected, "{line}");
            let mut again = line.to_owned();
            for Replacement { range, text, .. } in expanded.replacements.into_iter().rev() {
                again.replace_range(range, &text);
            }
            assert_eq!(again, expected, "{line}: the replacements make the same line");
        }
    }

    #[test]
    fn records_each_value_under_what_is_written() {
        let expanded = expand(r"$A ${A} ${U:-${A}} $$", &environment(), true).unwrap();
        let found: Vec<_> = expanded.replacements.iter().map(|put| (put.name.as_deref(), put.text.as_str())).collect();
        assert_eq!(found, [(Some("A"), "foo"), (Some("A"), "foo"), (Some("U:-${A}"), "foo"), (None, "$")]);
    }

    #[test]
    fn says_where_and_why_not() {
        let cases = [
            ("a ${U}", 2, "`U` isn't set, and goose would"),
            ("a $U", 2, "`U` isn't set, and goose would"),
            ("${U:1}", 0, "`U` isn't set, and goose would"),
            ("${A-${U}} ${U:-$V}", 15, "`V` isn't set"),
            ("${U?}", 0, "the variable `U` isn't set"),
            ("${U?say $A}", 0, "isn't set: say foo"),
            ("$1", 0, "no name"),
            ("a$ b", 1, "no name"),
            ("${}", 0, "no name"),
            ("${_A}", 0, "no name"),
            ("${A", 0, "ENVSUB knows"),
            ("${A!}", 0, "ENVSUB knows"),
            ("${A?x", 0, "never closed"),
            ("${A:-x", 0, "never closed"),
            ("${A:x}", 0, "`x` is no number"),
            ("${A:?x}", 0, "`?x` is no number"),
            ("${A:1:}", 0, "`` is no number"),
            ("${É1_x:1}", 0, "a character"),
        ];
        for (line, at, part) in cases {
            let fault = expand(line, &environment(), true).unwrap_err();
            assert!(fault.at == at && fault.message.contains(part), "{line}: {fault:?}");
        }
        let deep = format!("{}{}", "${U:-".repeat(100_000), "}".repeat(100_000));
        assert!(expand(&deep, &environment(), true).unwrap_err().message.contains("inside each other"));
    }
}
