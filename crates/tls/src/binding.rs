//! What ties a login to the connection that it is made on: the hash of the server's certificate.

use rustls::ClientConnection;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::certificate::{self, Certificate};

/// The channel binding `tls-server-end-point` (RFC 5929, section 4.1): the server's certificate hashed as it was signed,
/// or by SHA-256 where that was MD5 or SHA-1. `None` where the signature has no hash of its own (Ed25519).
pub fn server_end_point(connection: &ClientConnection) -> Option<Vec<u8>> {
    hash(connection.peer_certificates()?.first()?)
}

fn hash(der: &[u8]) -> Option<Vec<u8>> {
    let (identifier, parameters) = Certificate::read(der)?.signature;
    let identifier = if identifier == RSA_PSS {
        // SHA-1 where the parameters don't say.
        certificate::pss_hash(parameters).unwrap_or(SHA1)
    } else {
        identifier
    };
    Some(match identifier {
        // RSA with MD5 and SHA-1, ECDSA with SHA-1.
        SHA1 | [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4 | 5] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] => {
            Sha256::digest(der).to_vec()
        }
        // RSA, then ECDSA, then the hashes by themselves; each with SHA-256, 384, 512 and 224.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]
        | [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1] => Sha256::digest(der).to_vec(),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]
        | [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2] => Sha384::digest(der).to_vec(),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4]
        | [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3] => Sha512::digest(der).to_vec(),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 14]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1]
        | [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4] => Sha224::digest(der).to_vec(),
        _ => return None,
    })
}

const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 26];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_signatures_own() {
        for (algorithm, length) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, Some(32)),
            (&rcgen::PKCS_ECDSA_P384_SHA384, Some(48)),
            (&rcgen::PKCS_ED25519, None),
        ] {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let made = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
            assert_eq!(hash(made.der()).map(|hash| hash.len()), length, "{algorithm:?}");
        }
    }
}
