//! Java's properties, as `flyway.conf` has them.

/// Keys with their values and lines, from 1. A line that ends with a backslash goes on in the next one.
pub(super) fn parse(text: &str) -> Vec<(String, String, usize)> {
    let mut all = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut whole = line.trim_start().to_owned();
        if whole.is_empty() || whole.starts_with(['#', '!']) {
            continue;
        }
        while whole.ends_with('\\') {
            whole.pop();
            let Some((_, next)) = lines.next() else { break };
            whole.push_str(next.trim_start());
        }
        let at = whole.find(['=', ':']).unwrap_or(whole.len());
        let (key, value) = whole.split_at(at);
        let value = value.trim_start_matches(['=', ':']).trim();
        all.push((key.trim().to_owned(), value.to_owned(), number + 1));
    }
    all
}
