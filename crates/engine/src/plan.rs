//! What would run, as plain data: `plan` prints it and `up` runs it.

use driftlock_database::{Class, Classified, Direction, Engine};
use driftlock_script::{
    Body, Dialect, Digest, DirectiveError, Directives, FilesError, LoadError, LongScript, PiecesError, Statement,
    Touched, Version, credentials, mask, raw_sha256, redact,
};

use crate::error::Place;
use crate::rows::{Cursor, Passed, RowsDigest, bytes_are_in_rows, head, is_like, place_in};
use crate::{Error, Rows};

/// What is pending, in the order in which it runs.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// One migration each.
    pub pending: Vec<PlannedMigration>,
    /// The hooks that would run with it, in order.
    pub hooks: Vec<crate::PlannedHook>,
    /// What a person should know before it runs.
    pub notes: Vec<String>,
    /// The statements of it that can lose rows or columns.
    pub losses: Vec<crate::Loss>,
}

/// One migration, ready to run.
#[derive(Debug, Clone)]
pub struct PlannedMigration {
    /// Its version.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// The file that runs, as people see it.
    pub file: String,
    /// Which way.
    pub direction: Direction,
    /// The digest of the up script, whichever way it goes.
    pub digest: Option<Digest>,
    /// The down script that is kept with an up.
    pub rollback_sql: Option<String>,
    /// What runs of the script, with the values put in that its layout puts in. Of a long script it is the statements alone, without
    /// those that only bring rows.
    pub body: Body,
    /// The script, where it is too long to be held.
    pub(crate) long: Option<LongScript>,
    /// The values that were put in, by name; those that stand in the literals of credentials are masked.
    pub values: Vec<(String, String)>,
    /// What its layout's runner says to the server when it connects: it is said to the session before the script runs.
    pub session: &'static [&'static str],
    /// Its directives.
    pub directives: Directives,
    /// Its statements, in order; those that don't run too.
    pub statements: Vec<PlannedStatement>,
    /// How they run: each runnable statement is in exactly one group, in order.
    pub groups: Vec<Group>,
    /// Whether all of it is one transaction with its history row.
    pub transactional: bool,
}

/// One statement of a planned migration.
#[derive(Debug, Clone)]
pub struct PlannedStatement {
    /// Where it is in the text, and where its data is.
    pub statement: Statement,
    /// What it is to the engine.
    pub classified: Classified,
    /// Whether it runs inside a transaction that driftlock opens.
    pub transactional: bool,
    /// Why it isn't sent to the server, where it isn't.
    pub taken_out: Option<&'static str>,
    /// Its script, or its part of it, asks that each statement be committed on its own.
    pub no_transaction: bool,
    /// Of a long script: it stands for these, and its text is only what they begin with.
    pub rows: Option<Rows>,
}

/// Statements that run together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// How.
    pub kind: GroupKind,
    /// Which: indexes into the migration's statements, from 0, of those that run.
    pub statements: Vec<usize>,
}

/// How a group runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupKind {
    /// In one transaction, with its journal rows (or its history row, if it is all of the migration).
    Transaction,
    /// On its own, between two journal rows.
    Alone,
    /// On the session only: not journalled, run again before a resume.
    Session,
}

impl GroupKind {
    /// As JSON names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            GroupKind::Transaction => "transaction",
            GroupKind::Alone => "alone",
            GroupKind::Session => "session",
        }
    }
}

/// What a plan is made from: one script, and what is known of its migration.
pub(crate) struct Source {
    pub(crate) version: Version,
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) direction: Direction,
    pub(crate) digest: Option<Digest>,
    pub(crate) rollback_sql: Option<String>,
    pub(crate) text: Text,
}

/// What a script says.
pub(crate) enum Text {
    Held(Body),
    Long(LongScript),
}

/// The statements of a script, with the text that they are in.
struct Read {
    body: Body,
    long: Option<LongScript>,
    directives: Directives,
    statements: Vec<PlannedStatement>,
}

impl PlannedMigration {
    /// Splits a script, asks the engine what each statement is and groups them.
    ///
    /// `database` is the one in hand, where one is. Errors are all that stands against running it, in the order of the file.
    pub(crate) fn new(engine: &dyn Engine, source: Source, database: Option<&str>) -> Result<Self, Vec<Place>> {
        let Source { version, name, file, direction, digest, rollback_sql, text } = source;
        let dialect = engine.dialect();
        let mut problems = Vec::new();
        let read = match text {
            Text::Held(body) => held(engine, body, &file, &mut problems),
            Text::Long(script) => long(engine, script, &file, &mut problems),
        };
        let Some(Read { body, long, directives, mut statements }) = read else { return Err(problems) };
        let at = |(line, column): (u32, u32), message: String| Place {
            file: file.clone(),
            line,
            column,
            text: if long.is_some() { String::new() } else { shown_line(&body, line, dialect) },
            message,
        };
        for planned in &statements {
            if let Class::Forbidden(why) = &planned.classified.class {
                problems.push(at((planned.statement.line, planned.statement.column), why.clone()));
            }
        }
        for (index, why) in crate::in_hand::resolve(&mut statements, database) {
            let statement = &statements[index].statement;
            problems.push(at((statement.line, statement.column), why));
        }
        problems.sort_by_key(|problem| (problem.line, problem.column));
        let may_commit = |planned: &PlannedStatement| engine.may_commit(planned.statement.text(body.text()));
        let grouped = group(&mut statements, engine.session_in_transaction(), may_commit);
        let (groups, transactional) = match grouped {
            Ok(grouped) => grouped,
            Err((index, message)) => {
                let statement = &statements[index].statement;
                problems.push(at((statement.line, statement.column), message.to_owned()));
                (Vec::new(), false)
            }
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let values = shown_values(&body, &statements, dialect);
        let session = long.as_ref().map_or_else(|| body.session_statements(), |long| long.session_statements(dialect));
        Ok(PlannedMigration {
            session,
            values,
            version,
            name,
            file,
            direction,
            digest,
            rollback_sql,
            directives,
            statements,
            groups,
            transactional,
            body,
            long,
        })
    }

    /// Hands on every statement that runs, with its number as [`running`](Self::running) has it, its place and its text: those too that
    /// stay in the file.
    ///
    /// # Errors
    /// When a long file can't be read again.
    pub fn each(
        &self,
        dialect: Dialect,
        mut take: impl FnMut(usize, &PlannedStatement, &Statement, &str),
    ) -> Result<(), Error> {
        let mut cursor = None;
        for (number, planned) in self.running() {
            let Some(rows) = &planned.rows else {
                take(number, planned, &planned.statement, self.sql(planned));
                continue;
            };
            let cursor = self.cursor_at(&mut cursor, rows.first, dialect)?;
            while cursor.at() < rows.first + rows.count {
                match cursor.next().map_err(|error| self.unreadable(&error))? {
                    Some(passed) => take(number, planned, &passed.statement, &passed.sql),
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// A way through the long script, at this statement.
    pub(crate) fn cursor_at<'a>(
        &self,
        cursor: &'a mut Option<Cursor>,
        number: u64,
        dialect: Dialect,
    ) -> Result<&'a mut Cursor, Error> {
        if cursor.as_ref().is_none_or(|cursor| cursor.at() > number) {
            let script = self.long.as_ref().ok_or_else(|| Error::Usage(format!("{} is no long script", self.file)))?;
            *cursor = Some(Cursor::new(script, dialect).map_err(LoadError::from)?);
        }
        match cursor {
            Some(cursor) => {
                cursor.skip_to(number).map_err(|error| self.unreadable(&error))?;
                Ok(cursor)
            }
            None => Err(Error::Usage(format!("{} can't be read again", self.file))),
        }
    }

    /// What a long file can't be read again for: it was, when it was planned.
    pub(crate) fn unreadable(&self, error: &PiecesError) -> Error {
        match error {
            PiecesError::Read(error) => {
                LoadError::from(FilesError { path: self.file.clone(), reason: error.to_string() }).into()
            }
            _ => LoadError::Changed { file: self.file.clone() }.into(),
        }
    }

    /// The digest of a statement's text, or of all that it stands for.
    pub(crate) fn digest_of(&self, statement: &PlannedStatement) -> String {
        match &statement.rows {
            Some(rows) => rows.sha256.clone(),
            None => raw_sha256(self.sql(statement).as_bytes()),
        }
    }

    /// The tables that its statements name; or those that it says itself that it touches (`-- driftlock: tables=…`).
    #[must_use]
    pub fn touched(&self, dialect: Dialect) -> Touched {
        if let Some(tables) = &self.directives.tables {
            return Touched { tables: tables.iter().cloned().collect(), complete: true };
        }
        let mut touched = Touched::default();
        for (_, statement) in self.running() {
            touched.add(Touched::of(self.sql(statement), dialect));
        }
        touched
    }

    /// The text of a statement.
    #[must_use]
    pub fn sql(&self, statement: &PlannedStatement) -> &str {
        statement.statement.text(self.body.text())
    }

    /// The text of a statement as it may be shown: without the literals that carry credentials, and without values that are secret.
    #[must_use]
    pub fn shown(&self, statement: &PlannedStatement, dialect: Dialect) -> String {
        self.shown_text(self.sql(statement), dialect)
    }

    /// The same of a text that [`each`](Self::each) has handed on.
    #[must_use]
    pub fn shown_text(&self, sql: &str, dialect: Dialect) -> String {
        let shown = redact(sql, dialect);
        let secrets = self.body.secrets();
        if secrets.is_empty() { shown.into_owned() } else { mask(&shown, &secrets) }
    }

    /// What of a statement, known by its index, is never shown, whoever says it again.
    pub(crate) fn secrets(&self, index: usize, dialect: Dialect) -> Vec<&str> {
        let mut secrets = credentials(self.sql(&self.statements[index]), dialect);
        secrets.extend(self.body.secrets());
        // A long one first: masking a part of it would leave the rest.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }

    /// The statements that are sent to the server, with their numbers in the file, from 1.
    pub fn running(&self) -> impl Iterator<Item = (usize, &PlannedStatement)> {
        self.groups.iter().flat_map(|group| group.statements.iter()).map(|&index| (index + 1, &self.statements[index]))
    }

    /// The numbers of the statements that a journal tells of: settings run again instead.
    pub(crate) fn journalled(&self) -> impl Iterator<Item = usize> {
        self.running().filter(|(_, statement)| statement.classified.class != Class::Session).map(|(number, _)| number)
    }

    /// Whether running it can lose rows or columns.
    #[must_use]
    pub fn loses_data(&self) -> bool {
        self.running().any(|(_, planned)| planned.classified.loses_data)
    }

    /// A byte of a statement's text as a place in the file. The line's text is masked where the statement carries credentials.
    pub(crate) fn place(&self, index: usize, offset: Option<usize>, dialect: Dialect, message: String) -> Place {
        let statement = &self.statements[index].statement;
        let sql = statement.text(self.body.text());
        if self.long.is_some() {
            let (line, column, text) = place_in(statement, sql, offset.unwrap_or(0));
            let text = mask(&text, &self.secrets(index, dialect));
            return Place { file: self.file.clone(), line, column, text, message };
        }
        let (line, column) = match offset {
            Some(offset) => self.body.position(statement.span.start + offset.min(sql.len())),
            None => (statement.line, statement.column),
        };
        let text = mask(self.body.line(line), &self.secrets(index, dialect));
        Place { file: self.file.clone(), line, column, text, message }
    }
}

/// A line of a script of which it isn't known what its statements are.
fn shown_line(body: &Body, line: u32, dialect: Dialect) -> String {
    let mut secrets = credentials(body.text(), dialect);
    secrets.extend(body.secrets());
    mask(body.line(line), &secrets)
}

/// The statements of a text. What is wrong is added to the problems; nothing where it can't be split.
fn held(engine: &dyn Engine, body: Body, file: &str, problems: &mut Vec<Place>) -> Option<Read> {
    let dialect = engine.dialect();
    let at = |(line, column): (u32, u32), message: String| Place {
        file: file.to_owned(),
        line,
        column,
        text: shown_line(&body, line, dialect),
        message,
    };
    let directives = Directives::read(body.head(), dialect).unwrap_or_else(|error: DirectiveError| {
        problems.push(at(body.position(body.head_start() + error.offset), error.message));
        Directives::default()
    });
    let statements = match body.statements(dialect) {
        Ok(statements) => statements,
        Err(error) => {
            problems.push(at((error.line, error.column), error.message));
            return None;
        }
    };
    let statements = statements
        .into_iter()
        .map(|(statement, no_transaction)| PlannedStatement {
            classified: engine.classify(statement.text(body.text())),
            statement,
            transactional: false,
            taken_out: None,
            no_transaction: no_transaction || directives.no_transaction,
            rows: None,
        })
        .collect();
    Some(Read { body, long: None, directives, statements })
}

/// The statements of a long script: what only brings rows stays in the file.
fn long(engine: &dyn Engine, script: LongScript, file: &str, problems: &mut Vec<Place>) -> Option<Read> {
    let dialect = engine.dialect();
    let at = |line: u32, column: u32, message: String| Place {
        file: file.to_owned(),
        line,
        column,
        text: String::new(),
        message,
    };
    let mut cursor = match Cursor::new(&script, dialect) {
        Ok(cursor) => cursor,
        Err(error) => {
            problems.push(at(1, 1, error.to_string()));
            return None;
        }
    };
    let mut text = String::new();
    let mut directives = Directives::default();
    let mut statements: Vec<PlannedStatement> = Vec::new();
    let mut digest: Option<RowsDigest> = None;
    let close = |statements: &mut Vec<PlannedStatement>, digest: &mut Option<RowsDigest>| {
        if let (Some(digest), Some(rows)) = (digest.take(), statements.last_mut().and_then(|it| it.rows.as_mut())) {
            rows.sha256 = digest.finish();
        }
    };
    loop {
        let number = cursor.at();
        let passed = match cursor.next() {
            Ok(Some(passed)) => passed,
            Ok(None) => break,
            Err(error) => {
                problems.push(match error {
                    PiecesError::Text(error) => at(error.line, error.column, error.message),
                    PiecesError::Split(error) => at(error.line, error.column, error.message),
                    other => at(1, 1, other.to_string()),
                });
                return None;
            }
        };
        let Passed { mut statement, sql } = passed;
        if number == 0 {
            match Directives::read(cursor.head(&statement), dialect) {
                Ok(read) => directives = read,
                Err(error) => problems.push(at(error.line, error.column, error.message)),
            }
        }
        if !bytes_are_in_rows(&sql, dialect) {
            let message = "the file is not UTF-8 here, outside of the rows of a dump; save it as UTF-8";
            problems.push(at(statement.line, statement.column, message.to_owned()));
        }
        // Another row like the last one needs no look of its own, where no row can mean anything to the session.
        if let (Some(last), Some(digest)) = (statements.last_mut(), &mut digest)
            && dialect != Dialect::MySql
            && is_like(&sql, last.statement.text(&text))
            && let Some(rows) = &mut last.rows
        {
            rows.count += 1;
            digest.take(&sql);
            continue;
        }
        let classified = engine.classify(&sql);
        let head = head(&sql, dialect, &classified).filter(|_| !engine.may_commit(&sql));
        if let Some(head) = head {
            let last = statements.last_mut().filter(|last| last.rows.is_some() && last.statement.text(&text) == head);
            if let Some(rows) = last.and_then(|last| last.rows.as_mut()) {
                rows.count += 1;
                if let Some(digest) = &mut digest {
                    digest.take(&sql);
                }
                continue;
            }
        }
        close(&mut statements, &mut digest);
        let rows = head.map(|_| Rows { first: number, count: 1, sha256: String::new() });
        let start = text.len();
        text.push_str(head.unwrap_or(&sql));
        statement.span = start..text.len();
        text.push('\n');
        if rows.is_some() {
            let mut begun = RowsDigest::new();
            begun.take(&sql);
            digest = Some(begun);
        }
        statements.push(PlannedStatement {
            statement,
            classified,
            transactional: false,
            taken_out: None,
            no_transaction: script.no_transaction() || directives.no_transaction,
            rows,
        });
    }
    close(&mut statements, &mut digest);
    Some(Read { body: Body::whole(text), long: Some(script), directives, statements })
}

/// The values that were put in, as they may be shown.
fn shown_values(body: &Body, statements: &[PlannedStatement], dialect: Dialect) -> Vec<(String, String)> {
    if body.values().is_empty() {
        return Vec::new();
    }
    let secrets: Vec<&str> =
        statements.iter().flat_map(|planned| credentials(planned.statement.text(body.text()), dialect)).collect();
    let is_secret = |value: &str| secrets.iter().any(|secret| secret.contains(value) || value.contains(secret));
    let shown = |value: &String| if is_secret(value) { "***".to_owned() } else { value.clone() };
    body.values().iter().map(|(name, value)| (name.clone(), shown(value))).collect()
}

const OURS: &str = "driftlock opens and commits the transaction itself";
const LAST: &str = "the session is put back after every file, so nothing would come of it";

/// Groups statements. Marks each with whether it runs in a transaction, or why it doesn't run. Returns the groups, and whether
/// the whole is one transaction; or the statement that can't be grouped and why.
fn group(
    statements: &mut [PlannedStatement],
    session_in_transaction: bool,
    may_commit: impl Fn(&PlannedStatement) -> bool,
) -> Result<(Vec<Group>, bool), (usize, &'static str)> {
    for planned in statements.iter_mut() {
        match planned.classified.class {
            Class::TakenOut(why) => planned.taken_out = Some(why),
            Class::Begin | Class::Commit => planned.taken_out = Some(OURS),
            _ => {}
        }
    }
    let own_blocks = blocks(statements)?;
    if !session_in_transaction {
        // Nothing is done behind them that they could matter to.
        for planned in statements.iter_mut().rev().filter(|planned| planned.taken_out.is_none()) {
            if planned.classified.class != Class::Session {
                break;
            }
            planned.taken_out = Some(LAST);
        }
    }

    let mut groups: Vec<Group> = Vec::new();
    // Whether the next transactional statement may join the last group.
    let mut open = false;
    // Whether the script itself has opened a transaction.
    let mut in_block = false;
    for (index, planned) in statements.iter().enumerate() {
        if matches!(planned.classified.class, Class::Begin | Class::Commit) {
            in_block = planned.classified.class == Class::Begin;
            open = open && !own_blocks;
            continue;
        }
        if planned.taken_out.is_some() {
            continue;
        }
        let on_its_own = planned.no_transaction && !in_block;
        let class = &planned.classified.class;
        let kind = match class {
            Class::Session if session_in_transaction && !on_its_own && open => GroupKind::Transaction,
            Class::Session => GroupKind::Session,
            class if class.is_transactional() && on_its_own && may_commit(planned) => GroupKind::Alone,
            class if class.is_transactional() => GroupKind::Transaction,
            _ => GroupKind::Alone,
        };
        match groups.last_mut() {
            Some(last) if kind == GroupKind::Transaction && open && !on_its_own => last.statements.push(index),
            // Settings that stand before a transaction are a part of it where that is possible: then the file may be one.
            Some(last)
                if kind == GroupKind::Transaction
                    && last.kind == GroupKind::Session
                    && session_in_transaction
                    && !on_its_own =>
            {
                last.kind = GroupKind::Transaction;
                last.statements.push(index);
            }
            Some(last) if kind == GroupKind::Session && last.kind == GroupKind::Session => last.statements.push(index),
            _ => groups.push(Group { kind, statements: vec![index] }),
        }
        open = kind == GroupKind::Transaction && !on_its_own;
    }
    if let [only] = groups.as_mut_slice()
        && only.kind == GroupKind::Session
        && session_in_transaction
    {
        // Nothing but settings: with its record it is one transaction like any other.
        only.kind = GroupKind::Transaction;
    }
    for group in &groups {
        for &index in &group.statements {
            statements[index].transactional = group.kind == GroupKind::Transaction;
        }
    }
    let mut work = groups.iter().filter(|group| group.kind != GroupKind::Session);
    let transactional = match (work.next(), work.next()) {
        (None, _) => true,
        (Some(only), None) => only.kind == GroupKind::Transaction,
        _ => false,
    };
    Ok((groups, transactional))
}

/// Checks that BEGIN and COMMIT alternate. Returns whether they are the script's own way of committing: anything but one pair
/// around all that isn't of the session only.
fn blocks(statements: &[PlannedStatement]) -> Result<bool, (usize, &'static str)> {
    let mut begin = None;
    let mut pairs = 0;
    let mut outside = false;
    // MySQL's `SET autocommit = 0`: whatever comes next opens a transaction.
    let mut autocommit = true;
    for (index, planned) in statements.iter().enumerate() {
        autocommit = planned.classified.autocommit.unwrap_or(autocommit);
        match planned.classified.class {
            Class::Begin if begin.is_some() => {
                return Err((index, "a transaction is open already: remove this BEGIN or commit before it"));
            }
            Class::Begin => begin = Some(index),
            Class::Commit if begin.is_none() && autocommit => {
                return Err((
                    index,
                    "there is no BEGIN to this COMMIT: remove it, driftlock commits the file, or add the BEGIN",
                ));
            }
            Class::Commit => {
                begin = None;
                pairs += 1;
            }
            Class::Session | Class::TakenOut(_) | Class::Database { .. } => {}
            _ => outside |= begin.is_none(),
        }
    }
    match begin {
        Some(index) => {
            Err((index, "this BEGIN is never committed: add the COMMIT, or remove it, driftlock opens the transaction"))
        }
        None => Ok(pairs > 1 || (pairs == 1 && outside)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter a statement: t(ransactional), a(lone), s(ession), o(paque), x (taken out), b(egin), c(ommit), p(rocedure call),
    /// 0 and 1 (autocommit).
    fn grouped(script: &str, no_transaction: bool, session_in_transaction: bool) -> Result<String, usize> {
        let mut statements: Vec<PlannedStatement> = script
            .chars()
            .enumerate()
            .map(|(at, letter)| {
                let class = match letter {
                    't' | 'p' => Class::Transactional,
                    'a' => Class::Alone,
                    's' | '0' | '1' => Class::Session,
                    'o' => Class::Opaque,
                    'x' => Class::TakenOut("why"),
                    'b' => Class::Begin,
                    'c' => Class::Commit,
                    other => panic!("{other}"),
                };
                let autocommit = letter.is_ascii_digit().then_some(letter == '1');
                PlannedStatement {
                    statement: Statement { span: at..at + 1, line: 1, column: 1, copy_data: None },
                    classified: Classified { autocommit, ..Classified::plain(class) },
                    transactional: false,
                    taken_out: None,
                    no_transaction,
                    rows: None,
                }
            })
            .collect();
        let calls = |planned: &PlannedStatement| &script[planned.statement.span.clone()] == "p";
        let (groups, whole) = group(&mut statements, session_in_transaction, calls).map_err(|(index, _)| index)?;
        let shown: Vec<String> = groups
            .iter()
            .map(|group| {
                let letters: String =
                    group.statements.iter().map(|&at| &script[statements[at].statement.span.clone()]).collect();
                match group.kind {
                    GroupKind::Transaction => format!("({letters})"),
                    GroupKind::Alone => letters,
                    GroupKind::Session => format!("[{letters}]"),
                }
            })
            .collect();
        Ok(format!("{}{}", shown.join(" "), if whole { " whole" } else { "" }))
    }

    #[test]
    fn neighbours_share_a_transaction_and_the_rest_stands_alone() {
        for (script, expected) in [
            ("", " whole"),
            ("ttt", "(ttt) whole"),
            ("tat", "(t) a (t)"),
            ("a", "a"),
            ("aa", "a a"),
            ("o", "o"),
            ("sttst", "(sttst) whole"),
            ("sas", "[s] a [s]"),
            ("tsa", "(ts) a"),
            ("ss", "(ss) whole"),
            ("txt", "(tt) whole"),
        ] {
            assert_eq!(grouped(script, false, true), Ok(expected.to_owned()), "{script}");
        }
    }

    #[test]
    fn the_scripts_own_transactions() {
        for (script, expected) in [
            ("bttc", "(tt) whole"),
            ("sbttcs", "(stts) whole"),
            ("bttcbtc", "(tt) (t)"),
            ("tbtc", "(t) (t)"),
            ("btct", "(t) (t)"),
            ("btac", "(t) a"),
            ("bc", " whole"),
        ] {
            assert_eq!(grouped(script, false, true), Ok(expected.to_owned()), "{script}");
        }
        assert_eq!(grouped("0tctc1", false, false), Ok("[0] (t) (t)".to_owned()));
        assert_eq!(grouped("0tc1tc", false, true), Err(5));
        assert_eq!(grouped("tc", false, true), Err(1));
        assert_eq!(grouped("bt", false, true), Err(0));
        assert_eq!(grouped("bbtcc", false, true), Err(1));
    }

    #[test]
    fn without_a_transaction_every_statement_commits() {
        for (script, expected) in [("tt", "(t) (t)"), ("stt", "[s] (t) (t)"), ("tpt", "(t) p (t)"), ("t", "(t) whole")]
        {
            assert_eq!(grouped(script, true, true), Ok(expected.to_owned()), "{script}");
        }
        assert_eq!(grouped("tp", false, true), Ok("(tp) whole".to_owned()));
    }

    #[test]
    fn session_statements_that_need_to_be_outside_are() {
        for (script, expected) in
            [("stt", "[s] (tt) whole"), ("tst", "(t) [s] (t)"), ("stts", "[s] (tt) whole"), ("ss", " whole")]
        {
            assert_eq!(grouped(script, false, false), Ok(expected.to_owned()), "{script}");
        }
    }
}
