//! Owners, comments and grants, for every kind alike.

use driftlock_schema::{Attributes, Id, SELF, Value};

use super::steps::{Added, Granted};
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
            self.owner(object, words, owner);
        }
        self.comment(object, words, attributes);
        self.grants(object, words, attributes, defaults);
    }

    /// What is noted beside something.
    pub(crate) fn comment(&mut self, object: &Id, words: &str, attributes: &Attributes) {
        if let Some(comment) = attributes.text("comment") {
            self.add(object, Rank::Comment, format!("COMMENT ON {words} IS {}", literal(comment)))
                .says(format!("comment on {words}"), format!("COMMENT ON {words} IS NULL"));
        }
    }

    /// Who owns it.
    pub(crate) fn owner(&mut self, object: &Id, words: &str, owner: &str) -> Added<'_> {
        self.add(object, Rank::Owner, format!("ALTER {words} OWNER TO {}", role(owner)))
            .says("owner", format!("ALTER {words} OWNER TO {}", role(SELF)))
    }

    /// Who may do what.
    pub(crate) fn grants(&mut self, object: &Id, words: &str, attributes: &Attributes, defaults: Defaults) {
        self.grants_of(object, On { column: None, words: words.to_owned() }, attributes, defaults);
    }

    /// Who may do what, on something that may be a column.
    pub(crate) fn grants_of(&mut self, object: &Id, on: On, attributes: &Attributes, defaults: Defaults) {
        let owner = attributes.text("owner").unwrap_or(SELF);
        self.granted.push(Granted {
            object: object.clone(),
            part: self.part_in_hand(),
            on: on.clone(),
            owner: owner.to_owned(),
            grants: attributes.list("grants").to_vec(),
            defaults,
        });
        let on = |privileges: &str| on.sql(privileges);
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
                self.add(object, if text("grantor").is_some() { Rank::GrantOn } else { Rank::Grant }, sql).grants();
            }
        }
    }
}

/// What privileges are on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct On {
    /// One column of it, quoted.
    pub(crate) column: Option<String>,
    /// As grants call it: `TABLE "public"."users"`.
    pub(crate) words: String,
}

impl On {
    /// These privileges, on it.
    pub(crate) fn sql(&self, privileges: &str) -> String {
        match &self.column {
            None => format!("{privileges} ON {}", self.words),
            Some(column) => {
                let each: Vec<String> = privileges.split(", ").map(|it| format!("{it} ({column})")).collect();
                format!("{} ON {}", each.join(", "), self.words)
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
