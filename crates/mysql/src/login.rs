//! From an open socket to a session: the server's greeting, TLS, who we are and the proof of it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use driftlock_tls::{Connector, Duplex};
use mysql_common::crypto;
use mysql_common::scramble::{create_response_for_ed25519, scramble_native, scramble_sha256};
use tokio::net::TcpStream;

use crate::conn::Own;
use crate::packets::{Answer, Fault, Fields, Packets, counted, frame, read, unexpected};

const LONG_PASSWORD: u32 = 1;
const CONNECT_WITH_DB: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const MULTI_STATEMENTS: u32 = 1 << 16;
const MULTI_RESULTS: u32 = 1 << 17;
const PLUGIN_AUTH: u32 = 1 << 19;
const CONNECT_ATTRS: u32 = 1 << 20;
pub(crate) const DEPRECATE_EOF: u32 = 1 << 24;

/// What we can do. Not among it: sending files of this machine.
const CAPABILITIES: u32 = LONG_PASSWORD
    | CONNECT_WITH_DB
    | PROTOCOL_41
    | TRANSACTIONS
    | SECURE_CONNECTION
    | MULTI_STATEMENTS
    | MULTI_RESULTS
    | PLUGIN_AUTH
    | CONNECT_ATTRS
    | DEPRECATE_EOF;

/// The most that we take in one packet: 1 GiB.
const MAX_PACKET: u32 = 1 << 30;

/// utf8mb4_general_ci, which every server since 5.5.3 knows.
const COLLATION: u8 = 45;

/// A server may ask for another way to log in, MariaDB for each that an account allows.
const SWITCHES: usize = 8;

/// Who wants in.
pub(crate) struct Login<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) database: &'a str,
    pub(crate) attributes: &'a [(String, String)],
}

/// What a server says first.
#[derive(Debug)]
pub(crate) struct Greeting {
    id: u32,
    version: (u16, u16, u16),
    capabilities: u32,
    nonce: Vec<u8>,
    plugin: String,
}

impl Greeting {
    /// Reads it off the socket, and not a byte more: behind it may begin TLS.
    pub(crate) async fn receive<S: Duplex>(socket: &mut S) -> Result<Self, Fault> {
        let payload = read(socket, &mut 0).await?;
        if let Some(answer) = Answer::read(&payload) {
            return Err(Fault::Answer(answer));
        }
        Self::read(&payload).ok_or_else(|| unexpected("greeting"))
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let mut fields = Fields(payload);
        if fields.byte()? != 10 {
            return None;
        }
        let version = numbers(&fields.text());
        let id = fields.long()?;
        let mut nonce = fields.bytes(8)?.to_vec();
        fields.byte()?;
        let lower = fields.short()?;
        fields.byte()?;
        fields.short()?;
        let capabilities = u32::from(fields.short()?) << 16 | u32::from(lower);
        let length = usize::from(fields.byte()?);
        fields.bytes(10)?;
        let rest = fields.bytes(length.saturating_sub(8).max(13).min(fields.0.len()))?;
        nonce.extend_from_slice(rest.strip_suffix(&[0]).unwrap_or(rest));
        // What a server that greets with less checks against.
        nonce.resize(20, 0);
        let plugin = if capabilities & PLUGIN_AUTH == 0 { String::new() } else { fields.text() };
        Some(Greeting { id, version, capabilities, nonce, plugin })
    }

    /// Whether the server speaks TLS.
    pub(crate) fn offers_tls(&self) -> bool {
        self.capabilities & SSL != 0
    }

    /// Goes on in TLS.
    pub(crate) async fn encrypt(
        &self,
        connector: &Connector,
        host: &str,
        mut socket: TcpStream,
    ) -> Result<Box<dyn Duplex>, Fault> {
        let mut request = Vec::new();
        frame(&mut request, 32, 1);
        self.start(&mut request, SSL);
        tokio::io::AsyncWriteExt::write_all(&mut socket, &request).await?;
        let stream = connector.connect(host, socket).await.map_err(|error| Fault::Broken(error.to_string()))?;
        Ok(Box::new(stream))
    }

    fn start(&self, out: &mut Vec<u8>, more: u32) {
        out.extend_from_slice(&(self.capabilities & CAPABILITIES | more).to_le_bytes());
        out.extend_from_slice(&MAX_PACKET.to_le_bytes());
        out.push(COLLATION);
        out.extend_from_slice(&[0; 23]);
    }

    /// Logs in over what the greeting led to. `secret` says that nobody can listen: TLS, or a socket of the file system.
    pub(crate) async fn log_in(
        self,
        stream: Box<dyn Duplex>,
        tls: bool,
        secret: bool,
        login: &Login<'_>,
    ) -> Result<Own, Fault> {
        let plugin = match self.plugin.as_str() {
            "caching_sha2_password" => "caching_sha2_password",
            _ => "mysql_native_password",
        };
        let mut out = Vec::new();
        self.start(&mut out, if tls { SSL } else { 0 });
        let text = |out: &mut Vec<u8>, text: &str| {
            out.extend_from_slice(text.as_bytes());
            out.push(0);
        };
        text(&mut out, login.user);
        // At most 64 bytes.
        let proof = Proof { login, secret }.first(plugin, &self.nonce)?;
        counted(&mut out, &proof);
        let common = self.capabilities & CAPABILITIES;
        if common & CONNECT_WITH_DB != 0 {
            text(&mut out, login.database);
        }
        if common & PLUGIN_AUTH != 0 {
            text(&mut out, plugin);
        }
        if common & CONNECT_ATTRS != 0 {
            let mut attributes = Vec::new();
            for (key, value) in login.attributes {
                counted(&mut attributes, key.as_bytes());
                counted(&mut attributes, value.as_bytes());
            }
            counted(&mut out, &attributes);
        }
        let mut packets = Packets::new(stream, if tls { 2 } else { 1 });
        packets.write(&out).await?;
        prove(&mut packets, Proof { login, secret }, plugin.to_owned(), self.nonce).await?;
        Ok(Own { packets, id: self.id, version: self.version, deprecate_eof: common & DEPRECATE_EOF != 0 })
    }
}

/// `5.5.5-10.11.6-MariaDB-…`, `8.0.36`. MariaDB puts the first in front for old replicas.
fn numbers(version: &str) -> (u16, u16, u16) {
    let version = version.strip_prefix("5.5.5-").filter(|rest| rest.contains("MariaDB")).unwrap_or(version);
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next())
}

/// Goes through what the server asks for until it lets us in.
async fn prove(packets: &mut Packets, proof: Proof<'_>, mut plugin: String, mut nonce: Vec<u8>) -> Result<(), Fault> {
    let mut switches = 0;
    loop {
        let packet = packets.read().await?;
        match packet.split_first() {
            Some((0x00, _)) => return Ok(()),
            Some((0xff, _)) => {
                return Err(Answer::read(&packet).map_or_else(|| unexpected("answer to the login"), Fault::Answer));
            }
            Some((0xfe, [])) => return Err(proof.refuse("mysql_old_password")),
            Some((0xfe, rest)) if switches < SWITCHES => {
                switches += 1;
                let mut fields = Fields(rest);
                plugin = fields.text();
                nonce = fields.0.strip_suffix(&[0]).unwrap_or(fields.0).to_vec();
                let answer = proof.first(&plugin, &nonce)?;
                packets.write(&answer).await?;
            }
            // The server remembered the password's hash.
            Some((0x01, [0x03])) if plugin == "caching_sha2_password" => {}
            Some((0x01, [0x04])) if plugin == "caching_sha2_password" => {
                if proof.secret {
                    packets.write(&proof.in_clear()).await?;
                    continue;
                }
                packets.write(&[0x02]).await?;
                let key = packets.read().await?;
                let key = key.strip_prefix(&[0x01]).ok_or_else(|| unexpected("public key"))?;
                packets.write(&proof.sealed(key, &nonce)?).await?;
            }
            _ => return Err(unexpected("answer to the login")),
        }
    }
}

/// What shows that we know the password.
#[derive(Clone, Copy)]
struct Proof<'a> {
    login: &'a Login<'a>,
    secret: bool,
}

impl Proof<'_> {
    /// The first answer of a way to log in.
    fn first(&self, plugin: &str, nonce: &[u8]) -> Result<Vec<u8>, Fault> {
        let password = self.login.password.as_bytes();
        if password.is_empty() {
            return Ok(Vec::new());
        }
        match plugin {
            "mysql_native_password" => {
                scramble_native(nonce, password).map(Vec::from).ok_or_else(|| unexpected("greeting"))
            }
            "caching_sha2_password" => {
                scramble_sha256(nonce, password).map(Vec::from).ok_or_else(|| unexpected("greeting"))
            }
            "client_ed25519" => Ok(create_response_for_ed25519(password, nonce).to_vec()),
            "sha256_password" if self.secret => Ok(self.in_clear()),
            other => Err(self.refuse(other)),
        }
    }

    fn in_clear(&self) -> Vec<u8> {
        [self.login.password.as_bytes(), &[0]].concat()
    }

    /// The password for whoever has the private key: where the way there is not secret.
    fn sealed(&self, key: &[u8], nonce: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut password = self.in_clear();
        // By OAEP with SHA-1.
        if !is_rsa_key(key, password.len() + 42) || nonce.is_empty() {
            return Err(unexpected("public key"));
        }
        for (byte, other) in password.iter_mut().zip(nonce.iter().cycle()) {
            *byte ^= other;
        }
        Ok(crypto::encrypt(&password, key))
    }

    fn refuse(&self, plugin: &str) -> Fault {
        let what = match plugin {
            "mysql_old_password" => "which is not safe any more: give the account a new password",
            "sha256_password" => "which needs TLS: `ssl-mode=REQUIRED`",
            "mysql_clear_password" | "dialog" => {
                "which would show it to the server: use an account with a password of the server's own"
            }
            _ => {
                "which driftlock doesn't know: use an account with `mysql_native_password`, `caching_sha2_password` or `ed25519`"
            }
        };
        let plugin: String = plugin.chars().filter(|c| !c.is_control()).take(64).collect();
        Fault::Answer(Answer {
            // "Client does not support authentication protocol requested by server".
            code: 1251,
            state: "08004".to_owned(),
            message: format!("the server asks for the password by `{plugin}`, {what}"),
        })
    }
}

/// Whether this is a public RSA key in PEM, long enough for a message of so many bytes. What reads it for us takes that for granted.
fn is_rsa_key(pem: &[u8], least: usize) -> bool {
    let body = || {
        let text = std::str::from_utf8(pem).ok()?.trim_matches(['\0', '\n', '\r', ' ']);
        let inner = text.strip_prefix("-----BEGIN PUBLIC KEY-----")?.strip_suffix("-----END PUBLIC KEY-----")?;
        let digits: String = inner.split_ascii_whitespace().collect();
        let der = BASE64_STANDARD.decode(digits).ok()?;
        let (whole, rest) = value(&der, 0x30)?;
        let (algorithm, bits) = value(whole, 0x30)?;
        let rsa = value(algorithm, 0x06)?.0 == [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
        let (key, tail) = value(bits, 0x03)?;
        let (pair, beyond) = value(key.strip_prefix(&[0])?, 0x30)?;
        let (modulus, exponent) = value(pair, 0x02)?;
        let (exponent, end) = value(exponent, 0x02)?;
        let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        let odd = modulus.last().is_some_and(|last| last & 1 == 1) && modulus[0] != 0;
        let over = [rest, tail, beyond, end].iter().all(|left| left.is_empty());
        (rsa && odd && over && !exponent.is_empty()).then_some(modulus.len())
    };
    body().is_some_and(|length| (least.max(128)..=2048).contains(&length))
}

/// A DER value of this tag: its contents, and what is behind it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        for (text, wanted) in [
            ("5.5.5-10.11.6-MariaDB-0+deb12u1", (10, 11, 6)),
            ("11.4.2-MariaDB", (11, 4, 2)),
            ("8.0.36-0ubuntu0.22.04.1", (8, 0, 36)),
            ("9.0", (9, 0, 0)),
            ("", (0, 0, 0)),
        ] {
            assert_eq!(numbers(text), wanted, "{text}");
        }
    }

    #[test]
    fn greetings_that_are_cut_are_none_and_no_panic() {
        let greeting = [
            &b"\x0a8.0.36\0\x2a\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0"[..],
            b"ijklmnopqrst\0caching_sha2_password\0",
        ]
        .concat();
        let read = Greeting::read(&greeting).unwrap();
        assert_eq!((read.id, read.version, read.plugin.as_str()), (42, (8, 0, 36), "caching_sha2_password"));
        assert_eq!(read.nonce, b"abcdefghijklmnopqrst");
        assert!(read.offers_tls());
        for length in 0..greeting.len() {
            let _ = Greeting::read(&greeting[..length]);
        }
    }

    #[test]
    fn only_keys_that_can_be_used_are_used() {
        let key = |length: usize, tail: &[u8]| {
            let tlv = |tag: u8, body: &[u8]| {
                let length = u16::try_from(body.len()).unwrap().to_be_bytes();
                [&[tag, 0x82], &length[..], body].concat()
            };
            let modulus = tlv(2, &[&[0][..], &vec![0xc1; length]].concat());
            let pair = tlv(0x30, &[&modulus[..], &[2, 3, 1, 0, 1]].concat());
            let algorithm = [&[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1][..], &[5, 0]].concat();
            let whole = tlv(0x30, &[algorithm, tlv(3, &[&[0][..], &pair].concat()), tail.to_vec()].concat());
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(whole))
        };
        let good = key(256, &[]);
        assert!(is_rsa_key(good.as_bytes(), 50));
        assert_eq!(crypto::encrypt(b"s3cret\0", good.as_bytes()).len(), 256);
        assert!(!is_rsa_key(good.as_bytes(), 257));
        assert!(!is_rsa_key(key(64, &[]).as_bytes(), 50));
        assert!(!is_rsa_key(key(256, &[1]).as_bytes(), 50));
        for length in 0..good.len() - 1 {
            assert!(!is_rsa_key(&good.as_bytes()[..length], 50), "{length}");
        }
    }
}
