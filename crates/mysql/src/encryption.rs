//! TLS with the meanings of the `mysql` client's `ssl-mode`.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use driftlock_database::Error;
use driftlock_tls::{Connector, Identity, Names, Roots, Settings, Trust, Versions};

/// When to encrypt. Sockets of the file system never are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mode {
    /// Never.
    Disabled,
    /// When the server can.
    #[default]
    Preferred,
    /// Always.
    Required,
}

/// What is asked for. Its files are read when a server is about to use it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Encryption {
    pub(crate) mode: Mode,
    verify: Verify,
    roots: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    revoked: Option<PathBuf>,
    versions: Versions,
    connector: OnceLock<Arc<Connector>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Verify {
    #[default]
    Nothing,
    Chain,
    Name,
}

const NAMES: Names =
    Names { roots: "ssl-ca", certificate: "ssl-cert", key: "ssl-key", without_name: "ssl-mode=VERIFY_CA" };

/// The keys that this reads.
pub(crate) const KEYS: &str = "`ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key`, `ssl-crl`, `tls-version`";

fn wrong<T>(message: impl Into<String>) -> Result<T, Error> {
    Err(Error::Url(message.into()))
}

impl Encryption {
    /// Takes one key of a URL, in lower case with dashes. `None`: it is none of these.
    pub(crate) fn take(&mut self, key: &str, value: &str) -> Option<Result<(), Error>> {
        let path = || Some(PathBuf::from(value)).filter(|path| !path.as_os_str().is_empty());
        match key {
            "ssl-mode" | "sslmode" => return Some(self.take_mode(value)),
            "ssl-ca" => self.roots = path(),
            "ssl-cert" => self.certificate = path(),
            "ssl-key" => self.key = path(),
            "ssl-crl" => self.revoked = path(),
            "tls-version" => return Some(self.take_versions(value)),
            "ssl-capath" | "ssl-crlpath" => {
                let file = key.trim_end_matches("path");
                return Some(wrong(format!("`{key}` is not supported: name one file, by `{file}`")));
            }
            "ssl-cipher" | "tls-ciphersuites" => {
                return Some(wrong(format!("`{key}` is not supported: only ciphers that are safe are offered")));
            }
            "tls" => return Some(wrong(format!("`tls={value}` is how Go's driver says it; here it is {}", go(value)))),
            "ssl" | "usessl" | "require-ssl" | "ssl-verify-server-cert" => {
                return Some(wrong(format!(
                    "`{key}={value}`: here it is `ssl-mode=REQUIRED`, or `ssl-mode=VERIFY_IDENTITY`"
                )));
            }
            _ => return None,
        }
        Some(Ok(()))
    }

    fn take_mode(&mut self, value: &str) -> Result<(), Error> {
        // PostgreSQL's words mean the same where there is a word: `require` there looks at roots too if it finds some.
        (self.mode, self.verify) = match value.to_ascii_uppercase().replace('-', "_").as_str() {
            "DISABLED" | "DISABLE" => (Mode::Disabled, Verify::Nothing),
            "PREFERRED" | "PREFER" => (Mode::Preferred, Verify::Nothing),
            "REQUIRED" | "REQUIRE" => (Mode::Required, Verify::Nothing),
            "VERIFY_CA" => (Mode::Required, Verify::Chain),
            "VERIFY_IDENTITY" | "VERIFY_FULL" => (Mode::Required, Verify::Name),
            _ => {
                return wrong(format!(
                    "`ssl-mode={value}` is unknown; it is DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY"
                ));
            }
        };
        Ok(())
    }

    fn take_versions(&mut self, value: &str) -> Result<(), Error> {
        let mut named = [false; 2];
        for version in value.split(',') {
            match version.trim() {
                "TLSv1.2" => named[0] = true,
                "TLSv1.3" => named[1] = true,
                other => return wrong(format!("`tls-version` has `{other}`; driftlock speaks TLSv1.2 and TLSv1.3")),
            }
        }
        self.versions = match named {
            [true, false] => Versions::Tls12,
            [false, true] => Versions::Tls13,
            _ => Versions::Any,
        };
        Ok(())
    }

    /// What is left to check when all keys are read.
    pub(crate) fn check(&mut self, mode_given: bool) -> Result<(), Error> {
        if self.certificate.is_some() != self.key.is_some() {
            return wrong("`ssl-cert` and `ssl-key` belong together: give both or neither");
        }
        // As in the server's own client: naming roots is asking for them.
        if !mode_given && (self.roots.is_some() || self.revoked.is_some()) {
            (self.mode, self.verify) = (Mode::Required, Verify::Chain);
        }
        match self.roots.as_ref().or(self.revoked.as_ref()) {
            Some(path) if self.verify == Verify::Nothing => wrong(format!(
                "`{}` says whom to trust, and this `ssl-mode` trusts anyone: use VERIFY_CA or VERIFY_IDENTITY",
                path.display()
            )),
            _ => Ok(()),
        }
    }

    /// Whether the last server asked for a certificate of ours and we had none to show.
    pub(crate) fn lacks_certificate(&self) -> bool {
        self.connector.get().is_some_and(|connector| connector.lacks_certificate())
    }

    pub(crate) fn connector(&self) -> Result<Arc<Connector>, Error> {
        if let Some(connector) = self.connector.get() {
            return Ok(Arc::clone(connector));
        }
        let roots = self.roots.clone().map_or(Roots::System, Roots::File);
        let settings = Settings {
            trust: match self.verify {
                Verify::Nothing => Trust::Anyone,
                Verify::Chain => Trust::Chain(roots),
                Verify::Name => Trust::Name(roots),
            },
            identity: (self.certificate.clone().zip(self.key.clone()))
                .map(|(certificate, key)| Identity { certificate, key }),
            revoked: self.revoked.clone(),
            versions: self.versions,
            send_name: true,
            protocol: None,
            names: NAMES,
        };
        let made = Connector::new(&settings).map_err(|error| Error::Url(error.to_string()))?;
        Ok(Arc::clone(self.connector.get_or_init(|| Arc::new(made))))
    }
}

fn go(value: &str) -> &'static str {
    match value {
        "true" => "`ssl-mode=VERIFY_IDENTITY`",
        "skip-verify" => "`ssl-mode=REQUIRED`",
        "preferred" => "`ssl-mode=PREFERRED`",
        "false" => "`ssl-mode=DISABLED`",
        _ => "`ssl-mode`, with the roots in `ssl-ca`",
    }
}
