//! PEM armour (RFC 7468): finds the one key of a text and says which kind it is, and writes one.

use rustls_pki_types::pem::{PemObject, SectionKind};
use zeroize::Zeroizing;

use crate::base64;
use crate::error::Error;

/// The DER of the one private key in the text.
pub(crate) fn private_key(pem: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
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
    if pem.contains("PRIVATE KEY-----") && !pem.contains("ENCRYPTED") {
        return Err(Error::KeyInvalid {
            reason: "the pem is a private key: give the verifier its public half only",
        });
    }
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

/// What people have in their hands instead of a key in PEM, and how they get one.
const INSTEAD: [(&str, &str); 4] = [
    (
        "ENCRYPTED",
        "the pem is encrypted: decrypt it first, as with \
         openssl pkey -in encrypted.pem -out private.pem",
    ),
    (
        "BEGIN CERTIFICATE",
        "the pem is a certificate: take its key out first, as with \
         openssl x509 -in certificate.pem -noout -pubkey",
    ),
    (
        "BEGIN OPENSSH PRIVATE KEY",
        "the pem is in the format of openssh: rewrite a copy first, as with \
         ssh-keygen -p -m PKCS8 -f copy",
    ),
    ("-----\\n", "the lines of the pem end in a backslash and an n: put line breaks there"),
];

fn only(pem: &str, fits: impl Fn(&SectionKind) -> bool) -> Result<Zeroizing<Vec<u8>>, Error> {
    if let Some((_, reason)) = INSTEAD.iter().find(|(mark, _)| pem.contains(mark)) {
        return Err(Error::KeyInvalid { reason });
    }
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
