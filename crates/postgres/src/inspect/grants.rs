//! Who may do what: access control lists, as values.

use std::collections::{BTreeMap, HashMap, HashSet};

use driftlock_schema::{SELF, Value};

/// Who is everybody, in grants. No role can have this name.
pub(crate) const PUBLIC: &str = "public";

/// What is known about privileges before any list is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Privileges {
    /// What is granted where nothing was said, by kind: to the owner, and to everybody.
    defaults: HashMap<char, (String, String)>,
    /// The roles that stand for the database's own.
    own: HashSet<String>,
}

/// One item of a list: to whom, the letters of what, by whom.
#[derive(Debug, PartialEq, Eq)]
struct Item {
    /// Empty for everybody.
    grantee: String,
    letters: String,
    grantor: String,
}

impl Privileges {
    pub(super) fn is_self(&mut self, role: &str) {
        self.own.insert(role.to_owned());
    }

    /// What `acldefault` says of a kind.
    pub(super) fn know(&mut self, kind: char, list: &str) {
        let mut defaults = (String::new(), String::new());
        for item in items(list) {
            if item.grantee.is_empty() { defaults.1 = item.letters } else { defaults.0 = item.letters }
        }
        self.defaults.insert(kind, defaults);
    }

    fn name(&self, role: &str) -> String {
        match role {
            "" => PUBLIC.to_owned(),
            role if self.own.contains(role) => SELF.to_owned(),
            role => role.to_owned(),
        }
    }
}

/// A list of maps, by grantee: `grantee`, `privileges`, `grantable` (those of them that may be granted on), and `grantor` where that isn't the owner.
/// Whoever has just what the default gives isn't in it; who has none of it is, with no privileges.
pub(super) fn beyond_default(known: &Privileges, kind: char, owner: &str, list: &str) -> Option<Value> {
    let empty = (String::new(), String::new());
    let (to_owner, to_public) = known.defaults.get(&kind).unwrap_or(&empty);
    // By grantee and grantor.
    let mut granted: BTreeMap<(String, Option<String>), String> = BTreeMap::new();
    let of_owner = known.name(owner);
    for item in items(list) {
        let grantor = known.name(&item.grantor);
        let grantor = (grantor != of_owner).then_some(grantor);
        granted.entry((known.name(&item.grantee), grantor)).or_default().push_str(&item.letters);
    }
    for (grantee, default) in [(of_owner, to_owner), (PUBLIC.to_owned(), to_public)] {
        let given = granted.entry((grantee.clone(), None)).or_default();
        if same(given, default) {
            granted.remove(&(grantee, None));
        }
    }
    let list: Vec<Value> = granted
        .into_iter()
        .map(|((grantee, grantor), letters)| {
            let mut map = vec![("grantee", Value::from(grantee)), ("privileges", names(&letters, false).into())];
            let grantable = names(&letters, true);
            if !grantable.is_empty() {
                map.push(("grantable", grantable.into()));
            }
            if let Some(grantor) = grantor {
                map.push(("grantor", grantor.into()));
            }
            Value::map(map)
        })
        .collect();
    (!list.is_empty()).then_some(Value::List(list))
}

fn same(one: &str, other: &str) -> bool {
    let sorted = |letters: &str| -> Vec<&'static str> { names(letters, false) };
    sorted(one) == sorted(other) && names(one, true) == names(other, true)
}

/// The privileges' names, sorted; or of those that may be granted on.
fn names(letters: &str, grantable: bool) -> Vec<&'static str> {
    let mut letters = letters.chars().peekable();
    let mut names = Vec::new();
    while let Some(letter) = letters.next() {
        let starred = letters.next_if_eq(&'*').is_some();
        if let Some(name) = name(letter).filter(|_| starred || !grantable) {
            names.push(name);
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn name(letter: char) -> Option<&'static str> {
    Some(match letter {
        'r' => "SELECT",
        'a' => "INSERT",
        'w' => "UPDATE",
        'd' => "DELETE",
        'D' => "TRUNCATE",
        'x' => "REFERENCES",
        't' => "TRIGGER",
        'm' => "MAINTAIN",
        'X' => "EXECUTE",
        'U' => "USAGE",
        'C' => "CREATE",
        'c' => "CONNECT",
        'T' => "TEMPORARY",
        's' => "SET",
        'A' => "ALTER SYSTEM",
        _ => return None,
    })
}

/// The items of a list as the server prints one: `{ann=r*w/bob,"\"O'Neil\"=r/bob",=r/bob}`.
fn items(list: &str) -> Vec<Item> {
    elements(list).iter().filter_map(|item| read(item)).collect()
}

/// The elements of an array of texts as the server prints it.
pub(crate) fn elements(array: &str) -> Vec<String> {
    let Some(inside) = array.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else { return Vec::new() };
    if inside.is_empty() {
        return Vec::new();
    }
    let mut elements = vec![String::new()];
    let mut letters = inside.chars();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        let last = elements.len() - 1;
        match letter {
            '"' => quoted = !quoted,
            '\\' => elements[last].extend(letters.next()),
            ',' if !quoted => elements.push(String::new()),
            letter => elements[last].push(letter),
        }
    }
    elements
}

/// `grantee=letters/grantor`, the names in quotes where they need it.
fn read(item: &str) -> Option<Item> {
    let (grantee, rest) = unquoted(item);
    let (letters, rest) = rest.strip_prefix('=')?.split_once('/')?;
    let (grantor, _) = unquoted(rest);
    Some(Item { grantee, letters: letters.to_owned(), grantor })
}

/// The name at the head of a text, and the rest.
fn unquoted(text: &str) -> (String, &str) {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find('=').unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut name = String::new();
    while let Some(end) = rest.find('"') {
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return (name, rest),
        }
    }
    (name, rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn known() -> Privileges {
        let mut known = Privileges::default();
        known.is_self("me");
        known.know('r', "{postgres=arwdDxt/postgres}");
        known.know('f', "{=X/postgres,postgres=X/postgres}");
        known
    }

    #[test]
    fn what_is_granted_by_default_is_not_said() {
        assert_eq!(beyond_default(&known(), 'r', "me", "{me=arwdDxt/me}"), None);
        assert_eq!(beyond_default(&known(), 'f', "ann", "{=X/ann,ann=X/ann}"), None);
    }

    #[test]
    fn what_was_taken_away_is_said() {
        let said = beyond_default(&known(), 'f', "me", "{me=X/me}").unwrap();
        assert_eq!(said.to_string(), "grantee public, privileges ");
    }

    #[test]
    fn odd_names_are_read() {
        let list = r#"{me=arwdDxt/me,"\"a \"\"b\"\", {c}\"=r*w/me"}"#;
        let said = beyond_default(&known(), 'r', "me", list).unwrap();
        let item = &said.items()[0];
        assert_eq!(item.get("grantee").unwrap().as_text(), Some("a \"b\", {c}"));
        assert_eq!(item.get("privileges").unwrap().to_string(), "SELECT, UPDATE");
        assert_eq!(item.get("grantable").unwrap().to_string(), "SELECT");
        assert_eq!(item.get("grantor"), None);
    }
}
