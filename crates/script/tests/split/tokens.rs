//! Tokens by each dialect's lexical rules.

use driftlock_script::{
    Dialect::{self, MySql, Postgres, Sqlite},
    TokenKind, tokens,
};

/// The tokens without plain space, each with a letter for its kind.
fn shown(sql: &str, dialect: Dialect) -> Vec<String> {
    tokens(sql, dialect)
        .filter(|token| token.kind != TokenKind::Space || !token.text.trim().is_empty())
        .map(|token| {
            let letter = match token.kind {
                TokenKind::Word => 'w',
                TokenKind::QuotedIdentifier => 'q',
                TokenKind::String => 's',
                TokenKind::Number => 'n',
                TokenKind::Variable => 'v',
                TokenKind::Punctuation => 'p',
                TokenKind::Comment => 'c',
                TokenKind::Space => ' ',
            };
            format!("{letter}:{}", token.text)
        })
        .collect()
}

#[track_caller]
fn check(dialect: Dialect, cases: &[(&str, &[&str])]) {
    for (sql, expected) in cases {
        assert_eq!(shown(sql, dialect), *expected, "{dialect:?}: {sql}");
    }
}

#[test]
fn postgres() {
    check(
        Postgres,
        &[
            ("'it''s' 'a\\'", &["s:'it''s'", "s:'a\\'"]),
            (r"E'a\'b' e'\\'", &[r"s:E'a\'b'", r"s:e'\\'"]),
            (r"b'01' X'1f' n'x'", &["s:b'01'", "s:X'1f'", "s:n'x'"]),
            (r#"U&'d\0061' u&"x" U & 'y'"#, &[r"s:U&'d\0061'", r#"q:u&"x""#, "w:U", "p:&", "s:'y'"]),
            (r#""a""b" "c\""#, &[r#"q:"a""b""#, r#"q:"c\""#]),
            // An escape string goes on after a line break, also behind a comment; not on the same line.
            ("E'a'\n'b\\'c'", &["s:E'a'", r"s:'b\'c'"]),
            ("E'a' -- x\n  '\\''", &["s:E'a'", "c:-- x", r"s:'\''"]),
            ("'a'\n'b\\'", &["s:'a'", r"s:'b\'"]),
            ("E'a' '\\'", &["s:E'a'", r"s:'\'"]),
            ("E'a' || \n'\\'", &["s:E'a'", "p:|", "p:|", r"s:'\'"]),
            ("$$a;'b$$ $t$ $$ $u$ $t$", &["s:$$a;'b$$", "s:$t$ $$ $u$ $t$"]),
            ("$é_1$x$é_1$", &["s:$é_1$x$é_1$"]),
            ("a$b$c $b$", &["w:a$b$c", "s:$b$"]),
            ("$1 $12,$ 1", &["v:$1", "v:$12", "p:,", "p:$", "n:1"]),
            ("$a b $1$", &["p:$", "w:a", "w:b", "v:$1", "p:$"]),
            ("1/* a /* b */ c */2", &["n:1", "c:/* a /* b */ c */", "n:2"]),
            ("1 +--x\n-/*y*/- 2", &["n:1", "p:+", "c:--x", "p:-", "c:/*y*/", "p:-", "n:2"]),
            ("1--2\r3", &["n:1", "c:--2", "n:3"]),
            (
                "1.5e-3 0x1F 1_000 .5 t.5 1..2 1e",
                &["n:1.5e-3", "n:0x1F", "n:1_000", "n:.5", "w:t", "p:.", "n:5", "n:1", "p:.", "n:.2", "n:1", "w:e"],
            ),
            (
                "a::int[1] @> `x` #- ?",
                &[
                    "w:a", "p::", "p::", "w:int", "p:[", "n:1", "p:]", "p:@", "p:>", "p:`", "w:x", "p:`", "p:#", "p:-",
                    "p:?",
                ],
            ),
            ("'open", &["s:'open"]),
            ("$a$open $b$ $a", &["s:$a$open $b$ $a"]),
            ("/* /* */", &["c:/* /* */"]),
            ("naïve_имя", &["w:naïve_имя"]),
        ],
    );
}

#[test]
fn mysql() {
    check(
        MySql,
        &[
            (r#"'a\'b''c' "d\"e""f""#, &[r"s:'a\'b''c'", r#"s:"d\"e""f""#]),
            (r"'a\\' 'b'", &[r"s:'a\\'", "s:'b'"]),
            (r"`a``b` `c\`", &["q:`a``b`", r"q:`c\`"]),
            ("x'1f' B'01' n'a' _utf8mb4'b'", &["s:x'1f'", "s:B'01'", "s:n'a'", "w:_utf8mb4", "s:'b'"]),
            ("1--2 -- c\n--\t\n--", &["n:1", "p:-", "p:-", "n:2", "c:-- c", "c:--\t", "c:--"]),
            ("# a\n1#b", &["c:# a", "n:1", "c:#b"]),
            ("/* a /* b */ c */", &["c:/* a /* b */", "w:c", "p:*", "p:/"]),
            ("/*!50100 a /* b */ 'c*/' */ d", &[" :/*!50100", "w:a", "c:/* b */", "s:'c*/'", " :*/", "w:d"]),
            (
                "/*!a*/ /*M!100100 b*/ /*!080030 c*/",
                &[" :/*!", "w:a", " :*/", " :/*M!100100", "w:b", " :*/", " :/*!080030", "w:c", " :*/"],
            ),
            ("/*!123 */", &[" :/*!", "n:123", " :*/"]),
            ("SELECT /*+ x('y */ 1", &["w:SELECT", "c:/*+ x('y */", "n:1"]),
            (
                "@x @`a``b` @'y' @@global.z @a.b @ := ",
                &["v:@x", "v:@`a``b`", "v:@'y'", "v:@@global.z", "v:@a.b", "p:@", "p::", "p:="],
            ),
            (
                "1a 1e5 0x1f 0xzz 1.5 t.5a a$b $$",
                &["w:1a", "n:1e5", "n:0x1f", "w:0xzz", "n:1.5", "w:t", "p:.", "w:5a", "w:a$b", "w:$$"],
            ),
            ("'open\\", &["s:'open\\"]),
            ("/*! open", &[" :/*!", "w:open"]),
        ],
    );
}

#[test]
fn sqlite() {
    check(
        Sqlite,
        &[
            (r"'a''b' 'c\' x'0f'", &["s:'a''b'", r"s:'c\'", "s:x'0f'"]),
            ("\"a\"\"b\" `c``d` [e ' f]", &["q:\"a\"\"b\"", "q:`c``d`", "q:[e ' f]"]),
            ("?1 ? :a @b $c", &["v:?1", "v:?", "v::a", "v:@b", "v:$c"]),
            ("/* a /* b */ c", &["c:/* a /* b */", "w:c"]),
            ("1--x\n-2 /* open", &["n:1", "c:--x", "p:-", "n:2", "c:/* open"]),
            ("a$b 1.5e3 0xff .5", &["w:a$b", "n:1.5e3", "n:0xff", "n:.5"]),
            ("[open", &["q:[open"]),
        ],
    );
}

#[test]
fn the_byte_order_mark_is_space() {
    for dialect in [Postgres, MySql, Sqlite] {
        assert_eq!(shown("\u{feff}a", dialect), [" :\u{feff}", "w:a"]);
    }
}
