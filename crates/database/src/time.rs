//! Times as the own tables keep them.

/// A moment in UTC, to the microsecond: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This moment and so much later.
    #[must_use]
    pub fn after(self, elapsed: std::time::Duration) -> Self {
        Timestamp(self.0.saturating_add(i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)))
    }

    /// As SQL wants it, in UTC: `2026-11-22 09:30:00.123456`.
    #[must_use]
    pub fn to_sql(self) -> String {
        self.format("%Y-%m-%d %H:%M:%S%.6f")
    }

    /// Reads `2026-11-22 09:30:00.123456`, with `T` or a space, with up to nine digits of a second's fraction or
    /// none, and with or without `Z` or `+00`; it is UTC in every case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_suffix("+00:00").or_else(|| text.strip_suffix("+00")).unwrap_or(text);
        let text = text.strip_suffix('Z').unwrap_or(text);
        let moment: jiff::civil::DateTime = text.replacen(' ', "T", 1).parse().ok()?;
        let zoned = moment.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Timestamp(zoned.timestamp().as_microsecond()))
    }

    /// Reads `2026-11-22T11:30:00.5+02:00`, with `T` or a space, and with the offset that it must have.
    #[must_use]
    pub fn parse_with_offset(text: &str) -> Option<Self> {
        let moment: jiff::Timestamp = text.trim().replacen(' ', "T", 1).parse().ok()?;
        Some(Timestamp(moment.as_microsecond()))
    }

    fn format(self, pattern: &str) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => moment.strftime(pattern).to_string(),
            // Outside of the years that a calendar has here; never a time that a server gave.
            Err(_) => format!("{}us", self.0),
        }
    }
}

/// As people and JSON read it: `2026-11-22T09:30:00.123456Z`.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.format("%Y-%m-%dT%H:%M:%S%.6fZ"))
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn reads_what_servers_print() {
        let moment = Timestamp::from_micros(1_700_000_000_123_456);
        assert_eq!(moment.to_string(), "2023-11-14T22:13:20.123456Z");
        assert_eq!(moment.to_sql(), "2023-11-14 22:13:20.123456");
        for text in ["2023-11-14 22:13:20.123456+00", "2023-11-14T22:13:20.123456Z", "2023-11-14 22:13:20.123456"] {
            assert_eq!(Timestamp::parse(text), Some(moment), "{text}");
        }
        assert_eq!(Timestamp::parse("2023-11-14 22:13:20+00").map(Timestamp::as_micros), Some(1_700_000_000_000_000));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
