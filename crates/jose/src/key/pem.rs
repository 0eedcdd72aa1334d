//! PEM armour (RFC 7468): finds the one key of a text and says which kind it is, and writes one.

use rustls_pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

use crate::base64;
use crate::error::Error;

/// The DER of the one private key in the text.
pub(crate) fn private_key(pem: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    if pem.contains("ENCRYPTED") {
        return Err(Error::KeyInvalid { reason: "the pem is encrypted: decrypt it first" });
    }
    only(pem, |kind| {
        matches!(
            kind,
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey
        )
    })
}

/// The DER of the one public key in the text. A private key or a certificate is not one: a
/// verifier has no business with the first, and cannot check the second.
pub(crate) fn public_key(pem: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    // The label of PKCS#1 is not known to the parser; both kinds of DER are told apart later.
    let pem = pem.replace("RSA PUBLIC KEY-----", "PUBLIC KEY-----");
    only(&pem, |kind| *kind == SectionKind::PublicKey)
}

/// Writes the strict form of RFC 7468 section 3. The memory is taken once, so that a private key leaves
/// no copy behind.
pub(crate) fn write(label: &str, der: &[u8]) -> Zeroizing<String> {
    const LINE: usize = 48;
    let lines = der.len().div_ceil(LINE);
    let mut pem = Zeroizing::new(String::with_capacity(lines * 65 + 2 * label.len() + 64));
    for part in ["-----BEGIN ", label, "-----\n"] {
        pem.push_str(part);
    }
    for line in der.chunks(LINE) {
        base64::encode_standard_into(line, &mut pem);
        pem.push('\n');
    }
    for part in ["-----END ", label, "-----\n"] {
        pem.push_str(part);
    }
    pem
}

fn only(pem: &str, fits: impl Fn(&SectionKind) -> bool) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut found = None;
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes()) {
        let (kind, der) = section.map_err(|_| Error::KeyInvalid { reason: "malformed pem" })?;
        let der = Zeroizing::new(der);
        if !fits(&kind) {
            return Err(Error::KeyInvalid { reason: "the pem holds something else than this key" });
        }
        if found.replace(der).is_some() {
            return Err(Error::KeyInvalid { reason: "the pem holds several keys: give one" });
        }
    }
    found.ok_or(Error::KeyInvalid { reason: "no key found in the pem" })
}
