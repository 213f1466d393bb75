//! The quick way through the rest of a statement of which only the end matters: a dump's INSERT is mostly this.

use super::lexer::{Form, Lexer};
use crate::Dialect;

/// Which bytes end nothing, open nothing and close nothing, wherever they stand outside of quotes and comments.
struct Dull([bool; 256]);

impl Dull {
    const fn all_but(bytes: &[u8]) -> Self {
        let mut dull = [true; 256];
        let mut index = 0;
        while index < bytes.len() {
            dull[bytes[index] as usize] = false;
            index += 1;
        }
        Self(dull)
    }
}

static POSTGRES: Dull = Dull::all_but(b"'\"$\\;()-/");
static MYSQL: Dull = Dull::all_but(b"'\"`\\;#-/");
static SQLITE: Dull = Dull::all_but(b"'\"`[;-/");

impl Lexer<'_> {
    /// Goes on to the next token that may matter in a statement without a body, over words, numbers, punctuation and
    /// strings; counts parentheses where PostgreSQL needs it. Gives where the last token ends that it went over.
    pub(crate) fn skip_dull(&mut self, parentheses: &mut usize) -> Option<usize> {
        if !self.may_skip() {
            return None;
        }
        let postgres = self.dialect() == Dialect::Postgres;
        let dull = match self.dialect() {
            Dialect::Postgres => &POSTGRES,
            Dialect::MySql => &MYSQL,
            Dialect::Sqlite => &SQLITE,
        };
        let start = self.at();
        let bytes = self.bytes();
        let mut at = start;
        // Somewhere not before the word that we are in, a token begins here.
        let mut boundary = start;
        let mut after_name = self.after_name();
        loop {
            while let Some(&byte) = bytes.get(at)
                && dull.0[usize::from(byte)]
            {
                at += 1;
            }
            let Some(&byte) = bytes.get(at) else { break };
            match byte {
                b'(' => *parentheses += 1,
                b')' => *parentheses = parentheses.saturating_sub(1),
                // One alone is an operator.
                b'-' if bytes.get(at + 1).is_some_and(|&next| next != b'-') => {}
                b'/' if bytes.get(at + 1).is_some_and(|&next| next != b'*') => {}
                b'\'' | b'"' | b'`' | b'$' => {
                    let has_prefix = postgres && (byte == b'$' || (at > boundary && bytes[at - 1] | 0x20 == b'e'));
                    let plain = if has_prefix { (at, false) } else { self.quoted(at, byte, self.escapes_in(byte)) };
                    match plain {
                        (end, true) => {
                            at = end;
                            after_name = byte != b'\'';
                        }
                        (_, false) => match self.read_again(boundary, after_name, at) {
                            Some(end) => {
                                at = end;
                                after_name = self.after_name();
                            }
                            None => return self.passed(start),
                        },
                    }
                    boundary = at;
                    if self.may_skip() {
                        continue;
                    }
                    return self.passed(start);
                }
                _ => break,
            }
            at += 1;
        }
        self.skip_to(at);
        self.passed(start)
    }

    /// Reads the word in which something stands again, from its beginning, token by token: there it depends on what is before
    /// it, as in `e'\''`, `a$$`, `1$1`. Gives where the token ends in which it is, or stays before that token, as it isn't closed.
    fn read_again(&mut self, boundary: usize, after_name: bool, at: usize) -> Option<usize> {
        let word = self.bytes()[boundary..at].iter().rposition(|&byte| self.is_space(byte));
        match word {
            Some(space) => self.skip_to(boundary + space + 1),
            None => {
                self.skip_to(boundary);
                self.set_after_name(after_name);
            }
        }
        loop {
            let start = self.at();
            let lexeme = self.next()?;
            if lexeme.form == Form::Unclosed {
                self.skip_to(start);
                return None;
            }
            if lexeme.end() > at {
                return Some(lexeme.end());
            }
        }
    }

    /// Where the last token ends between there and here.
    fn passed(&self, start: usize) -> Option<usize> {
        let passed = &self.bytes()[start..self.at()];
        Some(start + passed.iter().rposition(|&byte| !self.is_space(byte))? + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Lexeme;
    use proptest::prelude::*;

    const FRAGMENTS: &[&str] = &[
        ";", "(", ")", "'", "''", "\"", "`", "[", "]", "\\", "\\'", "E", "e'", "E'a'", "U&'", "x'", "N'", "$", "$$",
        "$a$", "a$", "1e", "0x1", ".", "-", "--", "-- ", "/", "/*", "*/", "*", "#", "@", ":", "?", "\n", "\r", " ",
        ",", "a", "é", "1",
    ];

    /// Where each token stands that ends or opens something, with the parentheses before it.
    fn landmarks(text: &str, dialect: Dialect, skip: bool) -> Vec<(usize, usize)> {
        let mut lexer = Lexer::new(text, dialect);
        let mut found = Vec::new();
        let mut depth = 0usize;
        while let Some(lexeme) = lexer.next() {
            match lexeme.token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            let Lexeme { token, form } = lexeme;
            let is_command = token.text == "\\" && dialect != Dialect::Sqlite;
            if token.text == ";" || is_command || form != Form::Plain {
                found.push((token.start, if dialect == Dialect::Postgres { depth } else { 0 }));
            }
            if skip {
                lexer.skip_dull(&mut depth);
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

        #[test]
        fn nothing_that_matters_is_passed(
            pieces in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..40),
            dialect in prop::sample::select(vec![Dialect::Postgres, Dialect::MySql, Dialect::Sqlite]),
        ) {
            let text = pieces.concat();
            prop_assert_eq!(landmarks(&text, dialect, true), landmarks(&text, dialect, false));
        }
    }

    #[test]
    fn says_where_the_last_token_ends() {
        let mut lexer = Lexer::new("a 'b' c \n ; d", Dialect::MySql);
        lexer.next();
        assert_eq!((lexer.skip_dull(&mut 0), lexer.at()), (Some(7), 10));
        assert_eq!(lexer.skip_dull(&mut 0), None);
    }
}
