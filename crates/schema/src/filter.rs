//! What of a database is looked at.

use std::fmt;
use std::str::FromStr;

use crate::{Facet, Facets, Id, Schema};

/// What of a database is looked at: one filter, for every command.
///
/// ```
/// use driftlock_schema::{Filter, Id, Name};
///
/// let filter = Filter::new().exclude("table:partman_*".parse()?).exclude("audit.*".parse()?);
/// assert!(!filter.takes(&Id::new("table", Name::within("public", "partman_config"))));
/// assert!(!filter.takes(&Id::new("view", Name::within("audit", "log"))));
/// assert!(filter.takes(&Id::new("table", Name::within("public", "users"))));
/// # Ok::<(), driftlock_schema::RuleError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    include: Vec<Rule>,
    exclude: Vec<Rule>,
    facets: Facets,
}

/// Which objects are meant: `KIND:NAME`, or `NAME` of any kind. `*` stands for any letters, `?` for one. A name without a dot is one in any schema.
/// `facet:NAME` means a [`Facet`] of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    kind: Option<String>,
    pattern: String,
}

/// A rule that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// There is no pattern in it.
    #[error("`{0}` names nothing: write `table:NAME`, `NAME` or `facet:grants`, with * for any letters")]
    Empty(String),
    /// There is no such facet.
    #[error("there is no facet `{0}`: they are ownership, grants, definers and comments")]
    Facet(String),
}

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let (kind, pattern) = match text.split_once(':') {
            Some((kind, pattern)) => (Some(kind.trim().to_owned()), pattern.trim()),
            None => (None, text.trim()),
        };
        if pattern.is_empty() || kind.as_ref().is_some_and(String::is_empty) {
            return Err(RuleError::Empty(text.to_owned()));
        }
        if kind.as_deref() == Some("facet") && Facet::named(pattern).is_none() {
            return Err(RuleError::Facet(pattern.to_owned()));
        }
        Ok(Rule { kind, pattern: pattern.to_owned() })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = &self.kind {
            write!(f, "{kind}:")?;
        }
        f.write_str(&self.pattern)
    }
}

impl Rule {
    /// Exactly this object.
    #[must_use]
    pub fn exactly(id: &Id) -> Self {
        Rule { kind: Some(id.kind.to_string()), pattern: id.name.to_string() }
    }

    fn facet(&self) -> Option<Facet> {
        if self.kind.as_deref() == Some("facet") { Facet::named(&self.pattern) } else { None }
    }

    /// Whether it means this object.
    #[must_use]
    pub fn means(&self, id: &Id) -> bool {
        if self.kind.as_deref().is_some_and(|kind| id.kind != *kind) {
            return false;
        }
        let (name, full) = (&id.name.name, id.name.to_string());
        let bare = id.name.schema.as_ref().map(|schema| format!("{schema}.{name}"));
        glob(&self.pattern, name) || glob(&self.pattern, &full) || bare.is_some_and(|bare| glob(&self.pattern, &bare))
    }
}

impl Filter {
    /// Everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only what one of these rules means; all where there is none.
    #[must_use]
    pub fn include(mut self, rule: Rule) -> Self {
        match rule.facet() {
            Some(facet) => self.facets = self.facets.with(facet),
            None => self.include.push(rule),
        }
        self
    }

    /// Nothing of what this rule means.
    #[must_use]
    pub fn exclude(mut self, rule: Rule) -> Self {
        match rule.facet() {
            Some(facet) => self.facets = self.facets.without(facet),
            None => self.exclude.push(rule),
        }
        self
    }

    /// The rules of what alone is looked at, as they are written, sorted; with the facets that count although they usually don't.
    #[must_use]
    pub fn included(&self) -> Vec<String> {
        self.written(&self.include, |facets, facet| facets.has(facet) && !Facets::default().has(facet))
    }

    /// The rules of what isn't looked at, as they are written, sorted; with the facets that don't count although they usually do.
    #[must_use]
    pub fn excluded(&self) -> Vec<String> {
        self.written(&self.exclude, |facets, facet| !facets.has(facet) && Facets::default().has(facet))
    }

    fn written(&self, rules: &[Rule], is_said: impl Fn(Facets, Facet) -> bool) -> Vec<String> {
        let facets = Facet::ALL.into_iter().filter(|facet| is_said(self.facets, *facet));
        let facets = facets.map(|facet| format!("facet:{}", facet.as_str()));
        let mut written: Vec<String> = rules.iter().map(ToString::to_string).chain(facets).collect();
        written.sort_unstable();
        written.dedup();
        written
    }

    /// The facets that count.
    #[must_use]
    pub fn facets(&self) -> Facets {
        self.facets
    }

    /// Whether an object is looked at.
    #[must_use]
    pub fn takes(&self, id: &Id) -> bool {
        (self.include.is_empty() || self.include.iter().any(|rule| rule.means(id)))
            && !self.exclude.iter().any(|rule| rule.means(id))
    }

    /// Takes what isn't looked at out of a schema.
    pub fn apply(&self, schema: &mut Schema) {
        schema.retain(|object| self.takes(&object.id()));
    }
}

/// Whether a text fits a pattern of `*` and `?`.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last star was, and what of the text it has eaten.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, eaten)) = star {
            p = at + 1;
            t = eaten + 1;
            star = Some((at, eaten + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Name;

    #[test]
    fn a_rule_means_what_it_says() {
        let cases = [
            ("table:users", "table:public.users", true),
            ("users", "table:public.users", true),
            ("view:users", "table:public.users", false),
            ("public.*", "table:public.users", true),
            ("audit.*", "table:public.users", false),
            ("table:u?ers", "table:users", true),
            ("table:*_old", "table:a_old_b_old", true),
            ("table:*_old", "table:a_old_b", false),
            ("table:a.b", "table:\"a.b\"", true),
            ("function:f*", "function:public.f(integer)", true),
        ];
        for (rule, id, expected) in cases {
            let rule: Rule = rule.parse().unwrap();
            assert_eq!(rule.means(&id.parse().unwrap()), expected, "{rule} {id}");
        }
        assert!("table:".parse::<Rule>().is_err() && "facet:owner".parse::<Rule>().is_err());
    }

    #[test]
    fn a_filter_is_the_same_when_its_rules_were_written_down() {
        let rules = ["table:b", "a.*", "facet:comments"];
        let filter = rules.iter().fold(Filter::new(), |filter, rule| filter.exclude(rule.parse().unwrap()));
        let filter = filter.include("facet:definers".parse().unwrap()).include("app.*".parse().unwrap());
        assert_eq!(filter.excluded(), ["a.*", "facet:comments", "table:b"]);
        assert_eq!(filter.included(), ["app.*", "facet:definers"]);
        let again = filter.excluded().iter().fold(Filter::new(), |it, rule| it.exclude(rule.parse().unwrap()));
        let again = filter.included().iter().fold(again, |it, rule| it.include(rule.parse().unwrap()));
        assert_eq!((again.excluded(), again.included()), (filter.excluded(), filter.included()));
        assert_eq!(again.facets(), filter.facets());
        assert_eq!(Filter::new().excluded(), Vec::<String>::new());
    }

    #[test]
    fn a_table_whose_name_only_begins_like_an_excluded_one_stays() {
        let own = Id::new("table", Name::within("public", "driftlock_history"));
        let filter = Filter::new().exclude(Rule::exactly(&own));
        assert!(!filter.takes(&own));
        assert!(filter.takes(&Id::new("table", Name::within("public", "driftlock_history_2"))));
        assert!(filter.takes(&Id::new("table", Name::within("other", "driftlock_history"))));
    }
}
