//! Owners, comments and grants, for every kind alike.

use driftlock_schema::{Attributes, Id, SELF, Value};

use super::{Rank, Steps};
use crate::inspect::PUBLIC;
use crate::sql::{identifier, literal};

/// A role by its name in a schema.
pub(crate) fn role(name: &str) -> String {
    match name {
        SELF => "CURRENT_USER".to_owned(),
        PUBLIC => "PUBLIC".to_owned(),
        name => identifier(name),
    }
}

impl Steps {
    /// Says who owns an object, what is noted beside it and who may do what with it. `words` are what it is called by in these statements:
    /// `TABLE "public"."users"`.
    pub(crate) fn facets(&mut self, object: &Id, words: &str, attributes: &Attributes, defaults: Defaults) {
        if let Some(owner) = attributes.text("owner") {
            self.add(object, Rank::Owner, format!("ALTER {words} OWNER TO {}", role(owner)));
        }
        self.comment(object, words, attributes);
        self.grants(object, words, attributes, defaults);
    }

    /// What is noted beside something.
    pub(crate) fn comment(&mut self, object: &Id, words: &str, attributes: &Attributes) {
        if let Some(comment) = attributes.text("comment") {
            self.add(object, Rank::Comment, format!("COMMENT ON {words} IS {}", literal(comment)));
        }
    }

    /// Who may do what.
    pub(crate) fn grants(&mut self, object: &Id, words: &str, attributes: &Attributes, defaults: Defaults) {
        self.grants_of(object, &|privileges| format!("{privileges} ON {words}"), attributes, defaults);
    }

    /// Who may do what, where privileges aren't followed by what they are on.
    pub(crate) fn grants_of(
        &mut self,
        object: &Id,
        on: &dyn Fn(&str) -> String,
        attributes: &Attributes,
        defaults: Defaults,
    ) {
        let owner = attributes.text("owner").unwrap_or(SELF);
        for item in attributes.list("grants") {
            let text = |key: &str| item.get(key).and_then(Value::as_text);
            let names = |key: &str| -> Vec<&str> {
                item.get(key).map(Value::items).unwrap_or_default().iter().filter_map(Value::as_text).collect()
            };
            let Some(grantee) = text("grantee") else { continue };
            let (all, grantable) = (names("privileges"), names("grantable"));
            let to = role(grantee);
            let as_role = text("grantor").unwrap_or(owner);
            let mut statements = Vec::new();
            // What it has by default goes first.
            let is_owner = grantee == owner && text("grantor").is_none();
            if is_owner || (grantee == PUBLIC && defaults == Defaults::PublicToo) {
                statements.push(format!("REVOKE {} FROM {to}", on("ALL")));
            }
            let plain: Vec<&str> = all.iter().copied().filter(|it| !grantable.contains(it)).collect();
            if !plain.is_empty() {
                statements.push(format!("GRANT {} TO {to}", on(&plain.join(", "))));
            }
            if !grantable.is_empty() {
                statements.push(format!("GRANT {} TO {to} WITH GRANT OPTION", on(&grantable.join(", "))));
            }
            // A grant is the owner's, whoever makes it; another's is only that one's to make.
            if text("grantor").is_some() && as_role != SELF {
                statements.insert(0, format!("SET ROLE {}", role(as_role)));
                statements.push("RESET ROLE".to_owned());
            }
            for sql in statements {
                self.add(object, if text("grantor").is_some() { Rank::GrantOn } else { Rank::Grant }, sql);
            }
        }
    }
}

/// What a kind of object grants where nothing is said, beside all to its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defaults {
    /// Nothing.
    OwnerAlone,
    /// Something to everybody: of functions, types and languages.
    PublicToo,
}
