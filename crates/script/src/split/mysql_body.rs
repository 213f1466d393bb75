//! Where a `;` belongs to a MySQL or MariaDB statement: in the compound bodies of routines, triggers and events.
//!
//! `BEGIN`, `END` and `DO` are names too, and `IF` and `REPEAT` are functions too. So words count only where they can be
//! keywords: at the beginning of a statement in a body, and for the END of a CASE within an expression.

use crate::token::{Token, TokenKind};

/// Follows one statement token by token.
#[derive(Debug, Default)]
pub(super) struct Compound<'a> {
    phase: Phase,
    /// The blocks that are open, the outermost first.
    blocks: Vec<Block>,
    /// The token before.
    last: Option<Token<'a>>,
    parentheses: usize,
    /// Where its first token stands.
    start: usize,
    /// A routine's LANGUAGE isn't SQL.
    foreign: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    /// No token yet.
    #[default]
    First,
    /// BEGIN alone: a transaction, unless NOT ATOMIC follows.
    Begin,
    /// CREATE or ALTER, and what may stand before the kind of object.
    Head,
    /// DEFINER, `=`: the next token names somebody, whatever it is.
    Definer,
    /// The kind is known; the body has not begun.
    Routine,
    /// The parameters are read: characteristics follow, then the body.
    RoutineBody,
    /// FOR EACH ROW has not come yet.
    Trigger,
    /// It has: FOLLOWS or PRECEDES and a name may stand before the body.
    TriggerBody,
    /// DO has not come yet.
    Event,
    /// Where a statement of a body begins.
    Start,
    /// At its second token: the first may have been a label.
    AfterFirst,
    /// Further on in it.
    Within,
    /// Behind an END, where a keyword, a label or nothing follows.
    AfterEnd,
    /// In DECLARE, where HANDLER may come.
    Declare,
    /// In the conditions of a handler.
    Conditions,
    /// A statement without a body.
    Plain,
    /// USE, and perhaps its database.
    Use,
    /// One whose body we can't follow: a block as sql_mode=ORACLE has it.
    Opaque,
    /// The same: a package.
    Package,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Begin,
    If,
    Case,
    /// CASE in an expression.
    CaseExpression,
    Loop,
    Repeat,
    /// `REPEAT … UNTIL`: an END needs no `;` before it.
    Until,
    /// WHILE or FOR, before its DO.
    WhileHead,
    While,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    kind: Kind,
    start: usize,
}

/// The words that begin a body of one statement.
const STATEMENTS: &[&str] = &[
    "ALTER",
    "ANALYZE",
    "BINLOG",
    "CACHE",
    "CALL",
    "CHANGE",
    "CHECK",
    "CHECKSUM",
    "COMMIT",
    "CREATE",
    "DEALLOCATE",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DO",
    "DROP",
    "EXECUTE",
    "EXPLAIN",
    "FLUSH",
    "GET",
    "GRANT",
    "HANDLER",
    "INSERT",
    "INSTALL",
    "KILL",
    "LOAD",
    "LOCK",
    "OPTIMIZE",
    "PREPARE",
    "PURGE",
    "RENAME",
    "REPAIR",
    "REPLACE",
    "RESET",
    "RESIGNAL",
    "RETURN",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SHOW",
    "SIGNAL",
    "START",
    "STOP",
    "TRUNCATE",
    "UNINSTALL",
    "UNLOCK",
    "UPDATE",
    "USE",
    "VALUES",
    "WITH",
    "XA",
];

/// The words that begin a body of many.
const BLOCKS: &[&str] = &["BEGIN", "IF", "CASE", "LOOP", "REPEAT", "WHILE", "FOR"];

fn any(token: &Token<'_>, words: &[&str]) -> bool {
    words.iter().any(|word| token.is(word))
}

impl<'a> Compound<'a> {
    /// Whether a `;` here belongs to the statement.
    pub(super) fn holds(&self) -> bool {
        // The END of a CASE expression can't stand behind a `;`.
        self.blocks.first().is_some_and(|block| block.kind != Kind::CaseExpression)
    }

    /// Whether it may have a body: then, where DELIMITER has said what ends it, no `;` does.
    pub(super) fn may_have_body(&self) -> bool {
        !matches!(self.phase, Phase::First | Phase::Begin | Phase::Head | Phase::Definer | Phase::Plain | Phase::Use)
    }

    /// Whether it has no body, whatever follows.
    pub(super) fn is_plain(&self) -> bool {
        self.phase == Phase::Plain
    }

    /// Whether it is USE with its database.
    pub(super) fn is_use(&self) -> bool {
        self.phase == Phase::Use && self.last.is_some_and(|last| last.start > self.start)
    }

    /// Where it begins, if it is a package.
    pub(super) fn package(&self) -> Option<usize> {
        (self.phase == Phase::Package).then_some(self.start)
    }

    /// Whether a body in another language may follow, as in `LANGUAGE JAVASCRIPT AS $$ … $$`.
    pub(super) fn may_quote_with_dollars(&self) -> bool {
        self.foreign && self.phase == Phase::RoutineBody && self.last_is(&["AS"])
    }

    /// Where the innermost block begins that waits for its END.
    pub(super) fn unclosed(&self) -> Option<usize> {
        self.holds()
            .then(|| self.blocks.iter().rev().find(|block| block.kind != Kind::CaseExpression))?
            .map(|block| block.start)
    }

    /// Takes the next token, which may be a `;`.
    pub(super) fn take(&mut self, token: Token<'a>) {
        match token.text {
            "(" => self.parentheses += 1,
            ")" => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
        self.phase = self.after(&token);
        self.last = Some(token);
    }

    fn last_is(&self, words: &[&str]) -> bool {
        self.last.is_some_and(|last| any(&last, words))
    }

    fn open(&mut self, kind: Kind, token: &Token<'_>) {
        self.blocks.push(Block { kind, start: token.start });
    }

    fn after(&mut self, token: &Token<'a>) -> Phase {
        let is = |words: &[&str]| any(token, words);
        match self.phase {
            Phase::First => self.first(token),
            Phase::Begin if is(&["NOT"]) => {
                let begin = self.last.unwrap_or(*token);
                self.open(Kind::Begin, &begin);
                Phase::Start
            }
            Phase::Begin if token.text == ";" || is(&["WORK"]) => Phase::Plain,
            Phase::Begin => Phase::Opaque,
            Phase::Head if is(&["OR", "REPLACE", "AGGREGATE"]) => Phase::Head,
            Phase::Head if is(&["DEFINER"]) => Phase::Definer,
            Phase::Head if is(&["PROCEDURE", "FUNCTION"]) => Phase::Routine,
            Phase::Head if is(&["TRIGGER"]) => Phase::Trigger,
            Phase::Head if is(&["EVENT"]) => Phase::Event,
            Phase::Head if is(&["PACKAGE"]) => Phase::Package,
            Phase::Head if is(&["LIBRARY"]) => Phase::RoutineBody,
            // What is left of a definer: `@localhost`, the parentheses of CURRENT_USER().
            Phase::Head if token.kind == TokenKind::Variable || matches!(token.text, "(" | ")" | "@") => Phase::Head,
            Phase::Head if self.last.is_some_and(|last| last.text == "@") => Phase::Head,
            Phase::Head => Phase::Plain,
            Phase::Definer if token.text == "=" => Phase::Definer,
            Phase::Definer => Phase::Head,
            Phase::Routine if token.text == ")" && self.parentheses == 0 => Phase::RoutineBody,
            // sql_mode=ORACLE: a procedure without parameters.
            Phase::Routine if self.parentheses == 0 && is(&["AS", "IS"]) => Phase::RoutineBody,
            Phase::Routine => Phase::Routine,
            Phase::RoutineBody => self.routine_body(token),
            Phase::Trigger if is(&["ROW"]) && self.last_is(&["EACH"]) => Phase::TriggerBody,
            Phase::Trigger => Phase::Trigger,
            Phase::TriggerBody if is(&["FOLLOWS", "PRECEDES"]) || self.last_is(&["FOLLOWS", "PRECEDES"]) => {
                Phase::TriggerBody
            }
            Phase::TriggerBody | Phase::Start => self.start(token),
            Phase::Event if is(&["DO"]) && self.parentheses == 0 && !self.last_is(&["EVENT", "EXISTS"]) => Phase::Start,
            Phase::Event => Phase::Event,
            Phase::AfterFirst if token.text == ":" => Phase::Start,
            Phase::AfterEnd if token.text != ";" => Phase::Within,
            Phase::Declare if is(&["HANDLER"]) => Phase::Conditions,
            Phase::Declare if token.text != ";" => Phase::Declare,
            Phase::Conditions => self.conditions(token),
            Phase::AfterFirst | Phase::Within | Phase::AfterEnd | Phase::Declare => self.within(token),
            Phase::Plain | Phase::Opaque | Phase::Package => self.phase,
            Phase::Use => {
                if self.is_use() {
                    Phase::Plain
                } else {
                    Phase::Use
                }
            }
        }
    }

    /// The first token of a whole statement.
    fn first(&mut self, token: &Token<'a>) -> Phase {
        self.start = token.start;
        if any(token, &["CREATE", "ALTER"]) {
            Phase::Head
        } else if token.is("USE") {
            Phase::Use
        } else if token.is("BEGIN") {
            Phase::Begin
        } else if any(token, BLOCKS) {
            // MariaDB takes them outside of routines too.
            self.start(token)
        } else if token.is("DECLARE") {
            Phase::Opaque
        } else {
            Phase::Plain
        }
    }

    /// Between a routine's parameters and its body.
    fn routine_body(&mut self, token: &Token<'a>) -> Phase {
        self.foreign |= self.last_is(&["LANGUAGE"]) && !token.is("SQL");
        // `RETURNS SET('a')`, `CHARACTER SET utf8mb4`.
        let is_type = token.is("SET") && self.last_is(&["RETURNS", "CHARACTER", "CHAR"]);
        if self.parentheses > 0 || is_type {
            Phase::RoutineBody
        } else if token.text == ":" || any(token, BLOCKS) || any(token, STATEMENTS) {
            if token.text == ":" { Phase::Start } else { self.start(token) }
        } else {
            Phase::RoutineBody
        }
    }

    /// The first token of a statement in a body.
    fn start(&mut self, token: &Token<'a>) -> Phase {
        if token.kind == TokenKind::QuotedIdentifier {
            return Phase::AfterFirst;
        }
        if token.kind != TokenKind::Word {
            return self.within(token);
        }
        let opened = match token.text.to_ascii_uppercase().as_str() {
            // BEGIN NOT ATOMIC.
            "NOT" if self.last_is(&["BEGIN"]) => return Phase::Start,
            "ATOMIC" if self.last_is(&["NOT", "BEGIN"]) => return Phase::Start,
            "ELSE" => return Phase::Start,
            "DECLARE" => return Phase::Declare,
            "END" => {
                self.blocks.pop();
                return Phase::AfterEnd;
            }
            "UNTIL" => {
                if let Some(block) = self.blocks.last_mut().filter(|block| block.kind == Kind::Repeat) {
                    block.kind = Kind::Until;
                }
                return Phase::Within;
            }
            "BEGIN" => Kind::Begin,
            "LOOP" => Kind::Loop,
            "REPEAT" => Kind::Repeat,
            "IF" => Kind::If,
            "CASE" => Kind::Case,
            "WHILE" | "FOR" => Kind::WhileHead,
            _ => return Phase::AfterFirst,
        };
        self.open(opened, token);
        if matches!(opened, Kind::Begin | Kind::Loop | Kind::Repeat) { Phase::Start } else { Phase::Within }
    }

    /// Any other token of a statement in a body.
    fn within(&mut self, token: &Token<'a>) -> Phase {
        if token.text == ";" {
            while self.blocks.last().is_some_and(|block| block.kind == Kind::CaseExpression) {
                self.blocks.pop();
            }
            return Phase::Start;
        }
        // `t.case` and `AS end` are names.
        if self.last.is_some_and(|last| last.text == ".") || self.last_is(&["AS"]) {
            return Phase::Within;
        }
        let innermost = self.blocks.last().map(|block| block.kind);
        if token.is("CASE") {
            self.open(Kind::CaseExpression, token);
        } else if token.is("END") && innermost == Some(Kind::CaseExpression) {
            self.blocks.pop();
        } else if token.is("END") && innermost == Some(Kind::Until) {
            self.blocks.pop();
            return Phase::AfterEnd;
        } else if token.is("THEN") && matches!(innermost, Some(Kind::If | Kind::Case)) {
            return Phase::Start;
        } else if token.is("DO") && innermost == Some(Kind::WhileHead) {
            if let Some(block) = self.blocks.last_mut() {
                block.kind = Kind::While;
            }
            return Phase::Start;
        }
        Phase::Within
    }

    /// `HANDLER FOR SQLSTATE VALUE '23000', NOT FOUND, 1062, mine` and then a statement.
    fn conditions(&mut self, token: &Token<'a>) -> Phase {
        let expected =
            self.last_is(&["FOR", "SQLSTATE", "VALUE", "NOT"]) || self.last.is_some_and(|last| last.text == ",");
        if token.text == ";" {
            self.within(token)
        } else if expected || self.last_is(&["HANDLER"]) || token.text == "," {
            Phase::Conditions
        } else {
            self.start(token)
        }
    }
}
