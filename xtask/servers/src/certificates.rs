//! Certificates for tests: an authority of one's own and what it issues, good or bad in a named way.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, SigningKey, date_time_ymd,
};

use crate::fail::{Context, Failure, Result};

/// Who issues certificates.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its private key, in PEM.
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// What a certificate is to be.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The common name.
    pub common_name: &'a str,
    /// Names and addresses of subjectAltName; none, no such extension.
    pub names: &'a [&'a str],
    /// Its time is over.
    pub expired: bool,
    /// Its serial number.
    pub serial: u64,
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Wanted { common_name: "a test", names: &[], expired: false, serial: 1 }
    }
}

impl Wanted<'_> {
    fn parameters(&self) -> Result<CertificateParams> {
        let names: Vec<String> = self.names.iter().map(|&name| name.to_owned()).collect();
        let mut parameters = CertificateParams::new(names).context("no certificate can be for these names")?;
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, self.common_name);
        parameters.serial_number = Some(SerialNumber::from(self.serial));
        parameters.use_authority_key_identifier_extension = true;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if self.expired {
            parameters.not_before = date_time_ymd(2001, 1, 1);
            parameters.not_after = date_time_ymd(2002, 1, 1);
        }
        Ok(parameters)
    }
}

impl Authority {
    /// An authority with a root of its own.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(name: &str) -> Result<Self> {
        let mut parameters = Wanted { common_name: name, ..Wanted::default() }.parameters()?;
        parameters.extended_key_usages = Vec::new();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().context("no key")?;
        let certificate = parameters.self_signed(&key).context("no certificate")?.pem();
        Ok(Authority { certificate, issuer: Issuer::new(parameters, key) })
    }

    /// The root, in PEM.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.certificate
    }

    /// Issues a certificate.
    ///
    /// # Errors
    /// When a name can't be in one.
    pub fn issue(&self, wanted: &Wanted<'_>) -> Result<Issued> {
        let key = KeyPair::generate().context("no key")?;
        let certificate = wanted.parameters()?.signed_by(&key, &self.issuer).context("no certificate")?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// Revokes certificates by their serial numbers: the list, in PEM.
    ///
    /// # Errors
    /// When it can't be signed.
    pub fn revoke(&self, serials: &[u64]) -> Result<String> {
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2124, 1, 1),
            crl_number: SerialNumber::from(1u64),
            issuing_distribution_point: None,
            revoked_certs: serials
                .iter()
                .map(|serial| RevokedCertParams {
                    serial_number: SerialNumber::from(*serial),
                    revocation_time: date_time_ymd(2024, 1, 1),
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).context("no list")?.pem().context("no list")
    }
}

/// A certificate that is its own root, marked as an authority's, as `openssl req -x509` makes it.
///
/// # Errors
/// When a name can't be in one.
pub fn self_signed(wanted: &Wanted<'_>) -> Result<Issued> {
    let mut parameters = wanted.parameters()?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().context("no key")?;
    let certificate = parameters.self_signed(&key).context("no certificate")?;
    Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
}

/// A self-signed certificate of version 1, which has no extensions, as `openssl x509 -req` makes it.
///
/// # Errors
/// When no key can be made.
pub fn of_version_1(wanted: &Wanted<'_>) -> Result<Issued> {
    let key = KeyPair::generate().context("no key")?;
    let modern = wanted.parameters()?.self_signed(&key).context("no certificate")?;
    let spoilt = || Failure::new("the certificate is not as expected");
    let (whole, _) = value(modern.der()).ok_or_else(spoilt)?;
    let (signed, rest) = value(whole).ok_or_else(spoilt)?;
    let algorithm = &rest[..rest.len() - value(rest).ok_or_else(spoilt)?.1.len()];
    // The version is the first field, the extensions are the last, both optional.
    let mut fields = Vec::new();
    let mut left = signed;
    while let Some((_, after)) = value(left) {
        let field = &left[..left.len() - after.len()];
        if field[0] != 0xa0 && field[0] != 0xa3 {
            fields.extend_from_slice(field);
        }
        left = after;
    }
    let fields = sequence(0x30, &fields);
    let signature = key.sign(&fields).context("no signature")?;
    let signature = sequence(0x03, &[&[0], signature.as_slice()].concat());
    let der = sequence(0x30, &[fields.as_slice(), algorithm, &signature].concat());
    let certificate = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der));
    Ok(Issued { certificate, key: key.serialize_pem() })
}

/// A DER value's contents, and what is behind it.
fn value(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.get(1..)?.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    rest.split_at_checked(length)
}

fn sequence(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes();
    let length = match length {
        [0, short @ 0..=0x7f] => vec![short],
        [0, byte] => vec![0x81, byte],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], length.as_slice(), body].concat()
}

/// Writes a file that its owner alone may read, and that belongs to whom the directory does: servers read no other keys.
///
/// # Errors
/// When it can't be written.
pub fn write(directory: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = directory.join(name);
    let what = || format!("{} can't be written", path.display());
    let owner = fs::metadata(directory).context(what())?;
    // Anew: the permissions of one that is there would stay.
    let _ = fs::remove_file(&path);
    fs::write(&path, text).context(what())?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).context(what())?;
    chown(&path, Some(owner.uid()), Some(owner.gid())).context(what())?;
    Ok(path)
}

impl Issued {
    /// Writes `NAME.crt` and `NAME.key`, as [`write()`] does.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn write(&self, directory: &Path, name: &str) -> Result<(PathBuf, PathBuf)> {
        let certificate = write(directory, &format!("{name}.crt"), &self.certificate)?;
        Ok((certificate, write(directory, &format!("{name}.key"), &self.key)?))
    }
}
