//! What a database is, as a value: its objects, their fingerprint, and the difference of two.
//!
//! ```
//! use driftlock_schema::{Name, Object, Part, Schema};
//!
//! let mut users = Object::new("table", Name::within("public", "users"));
//! users.parts.push(Part::new("column", "id").with("type", "bigint").with("not_null", true));
//!
//! let mut schema = Schema::new("postgres");
//! schema.insert(users.clone());
//! let before = schema.fingerprint();
//!
//! users.parts.push(Part::new("column", "email").with("type", "text"));
//! schema.insert(users);
//! assert_ne!(schema.fingerprint(), before);
//! ```
//!
//! Every kind of every engine has the same form: an [`Object`] with a kind, a name, attributes, and parts (a table's columns, constraints,
//! indexes, triggers). Which kinds and attributes there are is each adapter's to say; here is what holds for all of them:
//!
//! - **An attribute at the engine's default is absent.** What a newer major adds changes nothing of what was read by an older one.
//! - **Every attribute is needed**: without it the database that is made from the value is another one.
//! - **Order is stable**: objects by kind and name, parts by kind and name but for columns, which keep the table's order.
//! - **Nothing is here that isn't schema**: no numbers of the catalog's, no counters, no times, no one who happened to connect.

mod attributes;
mod change;
mod facet;
mod filter;
mod fingerprint;
mod json;
mod kept;
mod name;
mod object;
mod schema;
mod value;

pub use attributes::Attributes;
pub use change::{Change, Difference, compare};
pub use facet::{Facet, Facets};
pub use filter::{Filter, Rule, RuleError};
pub use fingerprint::Fingerprint;
pub use name::{Id, IdError, Kind, Name};
pub use object::{Object, Part};
pub use schema::{Pair, Schema};
pub use value::{Code, Value};

/// What stands for the role that the database belongs to, wherever an owner, a grantor or a definer is named: who ran something is not schema.
pub const SELF: &str = "$self";
