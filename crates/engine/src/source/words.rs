//! A command's words, as a shell would split them, and nothing else of what a shell does.

/// Splits at spaces. What stands in quotes is one word; a backslash takes the meaning from what is behind it, but not inside of single quotes.
pub(super) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => {
                word.get_or_insert_default().push(letters.next().ok_or("nothing stands behind its last `\\`")?);
            }
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err("a quote is never closed");
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_a_shell_and_does_nothing_else() {
        let cases: [(&str, &[&str]); 5] = [
            ("  a  b\tc ", &["a", "b", "c"]),
            (r#"a 'b c' "d \" e" f\ g"#, &["a", "b c", "d \" e", "f g"]),
            ("a '' \"\"", &["a", "", ""]),
            (r"a 'b\c'x", &["a", r"b\cx"]),
            ("echo $HOME; rm *", &["echo", "$HOME;", "rm", "*"]),
        ];
        for (text, words) in cases {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
        assert!(split("a \"b").is_err() && split("a\\").is_err());
    }
}
