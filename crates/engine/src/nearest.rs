//! The known word that is nearest to one that isn't known.

/// The candidate with the fewest edits (a letter more, less, other, or swapped with its neighbour).
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates.into_iter().min_by_key(|candidate| distance(&word, &candidate.to_lowercase()))
}

/// The candidate that was probably meant: one with few edits, for its length, or one that begins so.
#[must_use]
pub fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let edits = match word.chars().count() {
        0..4 => 1,
        4..9 => 2,
        letters => letters / 4,
    };
    let begins = |candidate: &str| word.len() > 1 && candidate.starts_with(&word);
    let rated = candidates.into_iter().map(|candidate| {
        let other = candidate.to_lowercase();
        (if begins(&other) { 1 } else { distance(&word, &other) }, candidate)
    });
    rated
        .filter(|(edits_of, _)| *edits_of <= edits)
        .min_by_key(|(edits_of, _)| *edits_of)
        .map(|(_, candidate)| candidate)
}

/// What to say of a word that isn't known: the one that was probably meant, or all that there are.
#[must_use]
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match (near(word, known.iter().copied()), known.as_slice()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "there are none".to_owned(),
        (None, [only]) => format!("there is only `{only}`"),
        (None, several) => format!("there are {}", several.join(", ")),
    }
}

/// The optimal string alignment distance.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (at, row) in rows.iter_mut().enumerate() {
        row[0] = at;
    }
    for (at, cell) in rows[0].iter_mut().enumerate() {
        *cell = at;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let other = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + other);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["lock_wait", "lock_timeout", "layout", "url", "protected"];
        for (word, meant) in
            [("lock-wait", "lock_wait"), ("lyaout", "layout"), ("URI", "url"), ("protect", "protected")]
        {
            assert_eq!(nearest(word, known), Some(meant), "{word}");
        }
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn says_what_there_is_where_nothing_is_near() {
        let known = ["dev", "staging", "production"];
        for (word, said) in [
            ("stagign", "did you mean `staging`?"),
            ("prod", "did you mean `production`?"),
            ("DEV", "did you mean `dev`?"),
            ("dve", "did you mean `dev`?"),
            ("zzz", "there are dev, staging, production"),
            ("", "there are dev, staging, production"),
        ] {
            assert_eq!(meant(word, known), said, "{word}");
        }
        assert_eq!((meant("x", []), meant("x", ["dev"])), ("there are none".into(), "there is only `dev`".into()));
        assert_eq!(near("2024010-090000", ["20240108-090000", "20240122-093000"]), Some("20240108-090000"));
    }
}
