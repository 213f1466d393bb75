//! Names that the server makes up.

/// The longest name, in bytes.
const LONGEST: usize = 63;

/// The name that the server gives to what belongs to a table's column, when nothing has it yet: `users_id_seq`. Of the two, the longer one is cut
/// until all of it fits.
pub(crate) fn made_up(table: &str, column: &str, label: &str) -> String {
    let room = LONGEST.saturating_sub(label.len() + 1 + usize::from(!column.is_empty()));
    let (mut first, mut second) = (table.len(), column.len());
    while first + second > room {
        if first > second { first -= 1 } else { second -= 1 }
    }
    let mut parts = vec![clipped(table, first)];
    if !column.is_empty() {
        parts.push(clipped(column, second));
    }
    parts.push(label);
    parts.join("_")
}

/// As many whole letters as fit.
fn clipped(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_one_is_cut() {
        assert_eq!(made_up("users", "id", "seq"), "users_id_seq");
        assert_eq!(made_up("users", "", "pkey"), "users_pkey");
        let long = "t".repeat(63);
        assert_eq!(made_up(&long, "id", "seq"), format!("{}_id_seq", "t".repeat(56)));
        assert_eq!(made_up(&long, &"c".repeat(63), "seq"), format!("{}_{}_seq", "t".repeat(29), "c".repeat(29)));
        assert_eq!(made_up(&"ü".repeat(31), "id", "seq").len(), 63);
    }
}
