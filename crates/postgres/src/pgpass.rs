//! Passwords from `~/.pgpass`, by libpq's rules.

use std::path::Path;

/// What a password file gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// It has a line that fits.
    Password(String),
    /// There is no such file, or no line in it fits.
    Nothing,
    /// It was not read; the sentence says why, as part of a login error.
    Refused(String),
}

/// Looks for the password of this login.
pub(crate) fn look_up(file: &Path, host: &str, port: u16, database: &str, user: &str) -> Found {
    let Ok(metadata) = std::fs::metadata(file) else {
        return Found::Nothing;
    };
    if !metadata.is_file() {
        return Found::Refused(format!("password file {} is not a plain file", file.display()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Found::Refused(format!(
                "password file {} was not read because others than its owner may; run `chmod 600` on it",
                file.display()
            ));
        }
    }
    match std::fs::read_to_string(file) {
        Ok(text) => password(&text, host, port, database, user).map_or(Found::Nothing, Found::Password),
        Err(error) => Found::Refused(format!("password file {} could not be read: {error}", file.display())),
    }
}

/// The password of the first line that fits: `host:port:database:user:password`.
fn password(text: &str, host: &str, port: u16, database: &str, user: &str) -> Option<String> {
    let port = port.to_string();
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line.strip_suffix('\r').unwrap_or(line);
        for wanted in [host, &port, database, user] {
            let (field, after) = field(rest)?;
            if field.0 != wanted && !field.1 {
                return None;
            }
            rest = after;
        }
        Some(unescape(rest).0)
    })
}

/// The field up to the next colon (and whether it is `*`), and what follows.
fn field(line: &str) -> Option<((String, bool), &str)> {
    let mut escaped = false;
    let end = line.char_indices().find_map(|(at, c)| {
        let here = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        here.then_some(at)
    })?;
    Some((unescape(&line[..end]), &line[end + 1..]))
}

fn unescape(text: &str) -> (String, bool) {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    let any = text == "*";
    (out, any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_first_line_that_fits() {
        let text = "# comment:*:*:*:no\nother:*:*:*:no\nlocalhost:5432:shop:ann:first\n*:*:sh\\:op:a\\\\b:p\\:w\\\\d\n*:*:*:*:any:thing\n";
        assert_eq!(password(text, "localhost", 5432, "shop", "ann").as_deref(), Some("first"));
        assert_eq!(password(text, "db", 1, "sh:op", "a\\b").as_deref(), Some("p:w\\d"));
        assert_eq!(password(text, "db", 1, "x", "y").as_deref(), Some("any:thing"));
        assert_eq!(password("a:b\n", "a", 1, "x", "y"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let file = std::env::temp_dir().join(format!("driftlock-pgpass-{}", std::process::id()));
        std::fs::write(&file, "*:*:*:*:secret\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = look_up(&file, "h", 1, "d", "u");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let found = look_up(&file, "h", 1, "d", "u");
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(&refused, Found::Refused(why) if why.contains("chmod 600")), "{refused:?}");
        assert_eq!(found, Found::Password("secret".to_owned()));
        assert_eq!(look_up(&file, "h", 1, "d", "u"), Found::Nothing);
    }
}
