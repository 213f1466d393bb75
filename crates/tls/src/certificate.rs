//! The fields of a certificate that rustls doesn't tell: who it says it is, until when, its key and how it was signed.

use jiff::civil::DateTime;
use jiff::tz::Offset;

const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const EXPLICIT_0: u8 = 0xa0;

/// An X.509 certificate (RFC 5280, section 4.1), as far as anyone here asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certificate<'a> {
    /// 1, 2 or 3.
    pub(crate) version: u8,
    pub(crate) issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    /// Seconds of the Unix clock.
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    /// The SubjectPublicKeyInfo, with its own header.
    pub(crate) public_key: &'a [u8],
    /// The object identifier of how it was signed, and its parameters.
    pub(crate) signature: (&'a [u8], &'a [u8]),
}

impl<'a> Certificate<'a> {
    /// Reads the DER of a certificate. `None` when it is no certificate.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(Reader(der).body(SEQUENCE)?);
        let mut fields = Reader(outer.body(SEQUENCE)?);
        let mut version = 1;
        if fields.peek() == Some(EXPLICIT_0) {
            let number = Reader(fields.body(EXPLICIT_0)?).body(INTEGER)?;
            version = number.last()?.checked_add(1)?;
        }
        fields.body(INTEGER)?;
        fields.body(SEQUENCE)?;
        let issuer = fields.body(SEQUENCE)?;
        let mut validity = Reader(fields.body(SEQUENCE)?);
        let (not_before, not_after) = (time(validity.next()?)?, time(validity.next()?)?);
        let subject = fields.body(SEQUENCE)?;
        let public_key = fields.next().filter(|key| key.tag == SEQUENCE)?.whole;
        let signature = algorithm(outer.body(SEQUENCE)?)?;
        Some(Certificate { version, issuer, subject, not_before, not_after, public_key, signature })
    }

    /// The key's algorithm, without its header, and its bits.
    pub(crate) fn key(&self) -> Option<(&'a [u8], &'a [u8])> {
        let mut fields = Reader(Reader(self.public_key).body(SEQUENCE)?);
        let algorithm = fields.body(SEQUENCE)?;
        // A bit string tells first how many of its last bits don't count.
        let bits = fields.next()?.body.strip_prefix(&[0])?;
        Some((algorithm, bits))
    }
}

/// The object identifier of an AlgorithmIdentifier, and its parameters.
pub(crate) fn algorithm(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Reader(body);
    Some((fields.body(OBJECT_IDENTIFIER)?, fields.0))
}

/// The hash in the parameters of RSASSA-PSS (RFC 4055, section 3.1): `[0] AlgorithmIdentifier`, SHA-1 where it is missing.
pub(crate) fn pss_hash(parameters: &[u8]) -> Option<&[u8]> {
    let mut fields = Reader(Reader(parameters).body(SEQUENCE)?);
    let tagged = fields.body(EXPLICIT_0)?;
    algorithm(Reader(tagged).body(SEQUENCE)?).map(|(identifier, _)| identifier)
}

/// What a name of a certificate is shown as: its common name, else its organisation.
pub(crate) fn shown(name: &[u8]) -> String {
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    const ORGANISATION: &[u8] = &[0x55, 4, 10];
    [COMMON_NAME, ORGANISATION]
        .iter()
        .find_map(|wanted| attribute(name, wanted))
        .unwrap_or_else(|| "a name that is empty".to_owned())
}

fn attribute(name: &[u8], wanted: &[u8]) -> Option<String> {
    let mut sets = Reader(name);
    while let Some(set) = sets.next() {
        let mut pairs = Reader(Some(set).filter(|set| set.tag == SET)?.body);
        while let Some(pair) = pairs.next() {
            let mut fields = Reader(pair.body);
            if fields.body(OBJECT_IDENTIFIER) == Some(wanted) {
                let value = String::from_utf8_lossy(fields.next()?.body).into_owned();
                // It goes to a terminal.
                return Some(value.chars().filter(|c| !c.is_control()).take(200).collect());
            }
        }
    }
    None
}

/// RFC 5280, section 4.1.2.5: UTCTime's two digits of the year are from 1950 on.
fn time(value: Value<'_>) -> Option<i64> {
    let text = std::str::from_utf8(value.body).ok()?.strip_suffix('Z')?;
    let full = match value.tag {
        UTC_TIME if text.get(..2)? < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let civil = DateTime::strptime("%Y%m%d%H%M%S", &full).ok()?;
    Some(Offset::UTC.to_timestamp(civil).ok()?.as_second())
}

/// One value: its tag, its contents, and both with the length between them.
#[derive(Debug, Clone, Copy)]
struct Value<'a> {
    tag: u8,
    body: &'a [u8],
    whole: &'a [u8],
}

/// DER values one after another (X.690). Stops where a length or a tag is not what certificates have.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn next(&mut self) -> Option<Value<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (body, rest) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - rest.len()];
        self.0 = rest;
        // A tag of several bytes.
        (tag & 0x1f != 0x1f).then_some(Value { tag, body, whole })
    }

    /// The contents of the next value, which must have this tag.
    fn body(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|value| value.tag == tag).map(|value| value.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Vec<u8> {
        let mut parameters = rcgen::CertificateParams::new(vec!["db.example".to_owned()]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "a\u{1b}[31m server");
        parameters.not_before = rcgen::date_time_ymd(1975, 1, 2);
        parameters.not_after = rcgen::date_time_ymd(2061, 3, 4);
        let key = rcgen::KeyPair::generate().unwrap();
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn reads_what_others_wrote() {
        let der = made();
        let certificate = Certificate::read(&der).unwrap();
        assert_eq!(certificate.version, 3);
        assert_eq!(certificate.issuer, certificate.subject);
        assert_eq!(shown(certificate.subject), "a[31m server");
        let days = |seconds: i64| seconds / 86_400;
        assert_eq!((days(certificate.not_before), days(certificate.not_after)), (1827, 33_300));
        assert_eq!(certificate.key().unwrap().1.len(), 65);
    }

    #[test]
    fn cut_or_spoilt_ones_are_no_certificate_and_no_panic() {
        let der = made();
        for length in 0..der.len() {
            assert!(Certificate::read(&der[..length]).is_none(), "{length}");
        }
        for at in 0..der.len() {
            for value in [0, 0x30, 0x7f, 0x84, 0xff] {
                let mut spoilt = der.clone();
                spoilt[at] = value;
                if let Some(certificate) = Certificate::read(&spoilt) {
                    let _ = (certificate.key(), shown(certificate.subject), pss_hash(certificate.signature.1));
                }
            }
        }
    }
}
