//! Names for new files.

/// A word that can't be part of a file's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {part} `{word}` can't be part of a file's name: use letters, digits and `_`, such as `{example}`")]
pub struct NameError {
    /// Which word: `domain` or `operation`.
    pub part: &'static str,
    /// As it was given.
    pub word: String,
    /// One that can.
    pub example: &'static str,
}

/// The name that the files of a new migration share, without version and direction: `<domain>_<operation>_v<N>`, with the
/// lowest `N` that none of the names given has.
///
/// ```
/// let name = driftlock_script::new_name("user_schema", "add index", ["user_schema_add_index_v1"])?;
/// assert_eq!(name, "user_schema_add_index_v2");
/// # Ok::<(), driftlock_script::NameError>(())
/// ```
///
/// # Errors
/// When domain or operation has other characters than letters, digits, `_`, `-` and spaces.
pub fn new_name<'a>(
    domain: &str,
    operation: &str,
    taken: impl IntoIterator<Item = &'a str>,
) -> Result<String, NameError> {
    let domain = word("domain", domain, "user_schema")?;
    let operation = word("operation", operation, "add_index")?;
    let stem = format!("{domain}_{operation}_v");
    let last = taken.into_iter().filter_map(|name| name.strip_prefix(&stem)?.parse::<u32>().ok()).max();
    Ok(format!("{stem}{}", last.unwrap_or(0).saturating_add(1)))
}

fn word(part: &'static str, word: &str, example: &'static str) -> Result<String, NameError> {
    let plain = word.trim().to_lowercase().replace([' ', '-'], "_");
    if plain.is_empty() || !plain.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(NameError { part, word: word.to_owned(), example });
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_on_from_the_highest_number_taken() {
        assert_eq!(new_name("shop", "create", []).unwrap(), "shop_create_v1");
        assert_eq!(
            new_name("shop", "create", ["shop_create_v9", "shop_create_v10", "shop_createx_v20"]).unwrap(),
            "shop_create_v11"
        );
        for bad in ["", "../x", "a/b", "ä", "a.b"] {
            assert!(new_name(bad, "x", []).is_err(), "{bad}");
        }
    }
}
