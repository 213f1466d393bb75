//! What the splitter promises of any text.

use driftlock_script::{
    Dialect::{self, MySql, Postgres, Sqlite},
    Options, Pieces, PiecesError, Statement, TokenKind, decode, split_with, tokens,
};

const DELIMITERS: &[Option<&str>] = &[None, None, None, Some("//"), Some("\n\n"), Some("--end"), Some("go"), Some("$$")];

/// The first two bytes choose a window and a delimiter; the others are the script.
pub(crate) fn check(bytes: &[u8], dialect: Dialect) {
    let [window, delimiter, script @ ..] = bytes else { return };
    let window = 1 + usize::from(*window);
    let options = Options { delimiter: DELIMITERS[usize::from(*delimiter) % DELIMITERS.len()] };
    let Ok(file) = decode(script) else {
        let mut pieces = Pieces::new(script, dialect, &options).window(window);
        while let Ok(Some(_)) = pieces.next() {}
        return;
    };
    no_token_is_lost(file, dialect);
    let whole = split_with(file, dialect, &options);
    match &whole {
        Ok(statements) => {
            assert_eq!(no_text_is_lost(file, statements, dialect, &options), file);
            statements_stand_by_themselves(file, statements, dialect, &options);
        }
        Err(error) => assert!(error.offset < file.len() as u64),
    }
    // Where the file has a mark, which isn't in `file`, offsets differ by it.
    if file.len() == script.len() {
        let mut pieces = Pieces::new(script, dialect, &options).window(window);
        let mut found = Vec::new();
        let end = loop {
            match pieces.next() {
                Ok(Some(piece)) => {
                    let at = usize::try_from(piece.offset).unwrap();
                    assert_eq!(&file[at..at + piece.text.len()], piece.text);
                    found.extend(piece.statements.into_iter().map(|statement| Statement {
                        span: at + statement.span.start..at + statement.span.end,
                        ..statement
                    }));
                }
                Ok(None) => break Ok(found),
                Err(PiecesError::Split(error)) => break Err(error),
                Err(error) => panic!("{error:?}"),
            }
        };
        assert_eq!(end, whole);
    }
}

fn no_token_is_lost(file: &str, dialect: Dialect) {
    let mut at = 0;
    for token in tokens(file, dialect) {
        assert_eq!(token.start, at);
        assert!(!token.text.is_empty());
        at += token.text.len();
    }
    assert_eq!(at, file.len());
}

/// Statements rise and don't touch, and what is between them is nothing that an engine should have got. Gives all of it
/// joined again.
fn no_text_is_lost(file: &str, statements: &[Statement], dialect: Dialect, options: &Options<'_>) -> String {
    let mut at = 0;
    let mut joined = String::new();
    let mut gaps = String::new();
    for statement in statements {
        let text = statement.text(file);
        assert!(!text.trim_ascii().is_empty());
        assert_eq!(place(file, statement.span.start), (statement.line, statement.column));
        gaps.push_str(&file[at..statement.span.start]);
        gaps.push('\n');
        joined.push_str(&file[at..statement.span.start]);
        joined.push_str(text);
        at = statement.span.end;
        if let Some(rows) = statement.data(file) {
            assert_eq!(dialect, Postgres);
            let start = usize::try_from(statement.copy_data.as_ref().unwrap().start).unwrap();
            gaps.push_str(&file[at..start]);
            joined.push_str(&file[at..start]);
            joined.push_str(rows);
            at = start + rows.len();
            let end = &file[at..];
            assert!(end.is_empty() || end.starts_with("\\.\n") || end.starts_with("\\.\r\n") || ["\\.", "\\.\r"].contains(&end));
        }
    }
    joined.push_str(&file[at..]);
    gaps.push_str(&file[at..]);
    no_statement(&gaps, dialect, options);
    joined
}

/// Goes through gaps token by token, and over the line of a client command, which is no SQL.
fn no_statement(gaps: &str, dialect: Dialect, options: &Options<'_>) {
    // What a DELIMITER line names may look like anything, and this one like a comment.
    let named = dialect == MySql && gaps.to_ascii_uppercase().contains("DELIMITER");
    if named || options.delimiter == Some("--end") {
        return;
    }
    let mut rest = gaps;
    while let Some(token) = tokens(rest, dialect).find(|token| {
        !matches!(token.kind, TokenKind::Space | TokenKind::Comment) && !matches!(token.text, ";" | "\u{feff}")
    }) {
        if let Some(behind) = options.delimiter.and_then(|delimiter| rest[token.start..].strip_prefix(delimiter)) {
            rest = behind;
            continue;
        }
        let is_command = match dialect {
            Postgres => ["\\restrict", "\\unrestrict", "\\."].iter().any(|name| rest[token.start..].starts_with(name)),
            MySql => false,
            Sqlite => token.text.starts_with('#'),
        };
        assert!(is_command, "{token:?} was left out, of {gaps:?}");
        rest = rest[token.start..].split_once('\n').map_or("", |(_, after)| after);
    }
}

/// Each statement by itself is one statement, unless what stands before it has changed how it is read.
fn statements_stand_by_themselves(file: &str, statements: &[Statement], dialect: Dialect, options: &Options<'_>) {
    let settles = ["SQL_MODE", "STANDARD_CONFORMING_STRINGS", "DELIMITER"];
    let upper = file.to_ascii_uppercase();
    if options.delimiter.is_some() || settles.iter().any(|word| upper.contains(word)) {
        return;
    }
    for statement in statements {
        let text = statement.text(file);
        // At the beginning of a file these are space and a comment, and so is `--` at the end of one for MySQL.
        if text.starts_with(['\u{feff}', '#']) || text.ends_with("--") {
            continue;
        }
        let again = split_with(text, dialect, &Options::default());
        let again = again.unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(again.len(), 1, "{text:?}: {again:?}");
        assert_eq!(again[0].text(text), text);
    }
}

/// Line and column as somebody would count them.
fn place(file: &str, offset: usize) -> (u32, u32) {
    let before = &file[..offset];
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
    (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
}
