//! MySQL's and MariaDB's statements: `;` ends them, or what a `DELIMITER` line names.

use std::sync::Arc;

use super::mysql_body::Compound;
use super::reader::Reader;
use super::{SplitError, Statement};
use crate::token::{Form, Lexeme, TokenKind};

/// Commands of the client that are no statement of any server.
const CLIENT_COMMANDS: &[&str] = &[
    "SOURCE",
    "SYSTEM",
    "TEE",
    "NOTEE",
    "PAGER",
    "NOPAGER",
    "CONNECT",
    "CHARSET",
    "EDIT",
    "EGO",
    "PRINT",
    "PROMPT",
    "REHASH",
    "RESETCONNECTION",
    "STATUS",
    "CLEAR",
    "EXIT",
    "QUIT",
    "GO",
    "WARNINGS",
    "NOWARNING",
    "QUERY_ATTRIBUTES",
    "SANDBOX",
    "SSL_SESSION_DATA_PRINT",
];

/// The longest delimiter that the clients know.
const LONGEST_DELIMITER: usize = 15;

/// The next statement.
pub(super) fn next(reader: &mut Reader<'_>) -> Result<Option<Statement>, SplitError> {
    let mut statement = Compound::default();
    while let Some(lexeme) = reader.next()? {
        let token = lexeme.token;
        if reader.at_start() && !reader.in_executable() && delimiter_line(reader, &lexeme)? {
            continue;
        }
        if lexeme.form == Form::Plain {
            refuse_client_command(reader, &lexeme)?;
        }
        // The client takes USE for a command of its own, which the end of its line ends too.
        if statement.is_use() && reader.back_to_line_end(&lexeme) {
            return Ok(reader.finish());
        }
        let delimited = reader.settings.delimiter.is_some();
        let is_semicolon = token.text == ";" && lexeme.form == Form::Plain;
        let holds = if delimited { statement.may_have_body() } else { statement.holds() };
        let ends = lexeme.form == Form::Delimiter || (is_semicolon && !holds);
        if ends && !reader.in_executable() {
            if let Some(start) = statement.package().filter(|_| !delimited) {
                let message = "where a package (as sql_mode=ORACLE has it) ends can't be told: put it between `DELIMITER //` and \
                               `DELIMITER ;` lines, with `//` behind its END";
                return Err(reader.error(start, message.to_owned()));
            }
            if let Some(statement) = reader.finish() {
                return Ok(Some(statement));
            }
            statement = Compound::default();
            continue;
        }
        statement.take(token);
        if statement.may_quote_with_dollars() {
            reader.expect_dollar_quote();
        }
        // A `;` before another delimiter, or at the end of an executable comment, belongs to the statement only if
        // something follows.
        if !(is_semicolon && (delimited || reader.in_executable())) {
            reader.take(&lexeme);
        }
        if statement.is_plain() {
            reader.take_dull(&mut 0);
        }
    }
    match statement.unclosed().filter(|_| reader.settings.delimiter.is_none()) {
        Some(start) => {
            let word = reader.command_at(start).to_ascii_uppercase();
            let message = format!(
                "this {word} is never closed: add its END, or put the statement between `DELIMITER //` and `DELIMITER ;` lines"
            );
            Err(reader.error(start, message))
        }
        None => Ok(reader.finish()),
    }
}

/// Takes a `DELIMITER` line, if this is one.
fn delimiter_line(reader: &mut Reader<'_>, lexeme: &Lexeme<'_>) -> Result<bool, SplitError> {
    let start = lexeme.token.start;
    let Some((command, rest)) = reader.text[start..].split_at_checked("DELIMITER".len()) else {
        return Ok(false);
    };
    // `delimiter_id` is a name; `DELIMITER$$`, which by its letters is one too, is a mistake.
    let is_command = command.eq_ignore_ascii_case("DELIMITER")
        && !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    if lexeme.token.kind != TokenKind::Word || !is_command {
        return Ok(false);
    }
    // Not before it is known to be one: many statements may share one long line.
    let (line, next) = reader.line_from(start);
    let rest = &line[command.len()..];
    let mut words = rest.split_whitespace();
    let delimiter = words.next().filter(|_| rest.starts_with(char::is_whitespace)).map(unquoted);
    let after = words.next().unwrap_or("#");
    let message = match delimiter {
        None => "DELIMITER needs a blank and then what is to end statements, such as `DELIMITER //`".to_owned(),
        Some(delimiter) if delimiter.contains('\\') => {
            format!("`{delimiter}` can't end statements: a delimiter has no backslash")
        }
        Some(delimiter) if delimiter.len() > LONGEST_DELIMITER => {
            format!("this delimiter is too long: the clients know at most {LONGEST_DELIMITER} bytes")
        }
        Some(_) if !after.starts_with('#') && !after.starts_with("--") => {
            format!("nothing can stand behind the delimiter on its line: move `{after}` to the next line")
        }
        Some(delimiter) => {
            reader.set_delimiter((delimiter != ";").then(|| Arc::from(delimiter)));
            reader.skip_to(next);
            return Ok(true);
        }
    };
    Err(reader.error(start, message))
}

/// A delimiter may be quoted.
fn unquoted(delimiter: &str) -> &str {
    ['\'', '"', '`']
        .into_iter()
        .find_map(|quote| delimiter.strip_prefix(quote)?.strip_suffix(quote))
        .filter(|inside| !inside.is_empty())
        .unwrap_or(delimiter)
}

/// Refuses what only the client understands: its commands, where a statement begins, and their short forms with a
/// backslash anywhere outside of quotes. `\N`, for NULL, is none of them.
fn refuse_client_command(reader: &mut Reader<'_>, lexeme: &Lexeme<'_>) -> Result<(), SplitError> {
    let token = lexeme.token;
    let starts = reader.at_start() && !reader.in_executable();
    let command = match token.text {
        "\\" if reader.goes_on_with(lexeme.end(), "N") => return Ok(()),
        "\\" => short_command(reader.command_at(token.start)),
        word if starts && CLIENT_COMMANDS.iter().any(|command| token.is(command)) => word,
        _ => return Ok(()),
    };
    let advice = match command {
        "\\." => "put the statements of that file here",
        "\\u" | "\\r" => "a migration runs on one database, which the URL names; remove it",
        "\\g" | "\\G" => "end the statement with `;`",
        "\\d" => "write `DELIMITER` at the beginning of a line",
        word if word.eq_ignore_ascii_case("SOURCE") => "put the statements of that file here",
        word if word.eq_ignore_ascii_case("CONNECT") => {
            "a migration runs on one database, which the URL names; remove it"
        }
        _ => "remove it",
    };
    let message = format!("`{command}` is a command of the mysql client, which the server doesn't know: {advice}");
    Err(reader.error(token.start, message))
}

/// A backslash and the one character that makes a command with it.
fn short_command(line: &str) -> &str {
    let end = line.char_indices().nth(2).map_or(line.len(), |(end, _)| end);
    &line[..end]
}
