//! What a server says of itself when someone asks how it is: facts, judged elsewhere.

use crate::{Holder, Timestamp};

/// How a server and a connection to it are, as far as it tells. What it doesn't tell, or has none of, is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examination {
    /// The server's clock at its answer; `None` where there is no clock but this machine's.
    pub clock: Option<Timestamp>,
    /// What is to be said of a version that driftlock isn't made for.
    pub old: Option<String>,
    /// How the connection is protected on its way (`TLSv1.3, TLS_AES_256_GCM_SHA384`).
    pub protection: Option<Protection>,
    /// By which sign the server is known for a standby, which can't be written to.
    pub standby: Option<String>,
    /// By which sign it, or this login, can only read.
    pub read_only: Option<String>,
    /// By which sign a connection pooler is in the way.
    pub pooler: Option<String>,
    /// What a migration needs to be allowed to do here.
    pub rights: Vec<Right>,
    /// Settings that matter to what scripts do.
    pub settings: Vec<Peculiarity>,
    /// Who holds driftlock's lock now.
    pub holder: Option<Holder>,
    /// Transactions of others that have been open for long, and that a statement of DDL may have to wait for. Those that these
    /// rights don't show are not among them.
    pub open: Vec<Holder>,
}

/// How a connection is protected on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// Encrypted: the protocol and the cipher.
    Encrypted(String),
    /// It doesn't leave this machine.
    Local,
    /// Not at all.
    Plain,
}

/// Whether something is allowed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// What, as `may …` goes on: `make tables in schema "public"`.
    pub what: String,
    /// Whether this login may.
    pub granted: bool,
    /// How it comes to be allowed.
    pub advice: String,
    /// Whether nothing can be migrated without it.
    pub needed: bool,
}

/// A setting, and what is odd about its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peculiarity {
    /// The setting, as the server calls it.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Why this value matters, and what to do; `None` where it is as it should be.
    pub odd: Option<String>,
}
