//! What layouts share whose files begin with a number.

/// The digits that a file's name begins with, and the name behind them and their `_`, without `.sql`.
pub(super) fn digits_and_name(file: &str) -> Result<(&str, &str), &'static str> {
    let stem = stem(file)?;
    let (digits, name) = stem.split_once('_').ok_or("it doesn't begin with a number and `_`")?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("it doesn't begin with a number and `_`");
    }
    Ok((digits, name))
}

/// A file's name without `.sql`, where the file stands in the directory itself.
pub(super) fn stem(file: &str) -> Result<&str, &'static str> {
    if file.contains('/') {
        return Err("it is in a folder of its own");
    }
    file.strip_suffix(".sql").ok_or("it doesn't end in `.sql`")
}

/// A version that its runner keeps as a signed 64-bit number.
pub(super) fn signed(digits: &str) -> Result<u64, &'static str> {
    let number: i64 = digits.parse().map_err(|_| "its version is larger than 9223372036854775807")?;
    u64::try_from(number).map_err(|_| "its version is negative")
}
