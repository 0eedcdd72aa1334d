//! Recognises a key file that somebody configured as a shared secret. A public key in that place is
//! the classic confusion of RS256 with HS256 (RFC 8725 section 2.1): everybody knows the "secret".
//!
//! It is recognised by what it is and not by how it begins, since every check of the first
//! characters was got around by a space, a byte order mark or another armour. A bare modulus, a
//! bare Ed25519 key or a compressed point cannot be told from random bytes and is not recognised.

use zeroize::Zeroizing;

use crate::base64;
use crate::key::{der, ec};

/// What the name of a key's type begins with in SSH's formats (RFC 4253 section 6.6, RFC 5656).
const SSH_TYPES: [&str; 6] =
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "rsa-sha2-", "openssh-key-v1"];

/// What every armour begins (RFC 7468, RFC 4716, OpenPGP), letters and digits only.
const ARMOURED: [&str; 4] = ["publickey", "privatekey", "certificate", "x509"];

/// So many bytes that an editor put behind a binary form are told from its own last ones.
const LINE_BREAKS: usize = 4;

/// Whether the bytes are a key or a certificate, as they are, in hexadecimal or in base64.
pub(crate) fn is_key_file(secret: &[u8]) -> bool {
    let plain: Zeroizing<Vec<u8>> =
        Zeroizing::new(secret.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
    let unwrapped = [from_hex(&plain), from_base64(&plain)];
    is_key(secret) || unwrapped.iter().flatten().any(|bytes| is_key(bytes))
}

fn is_key(bytes: &[u8]) -> bool {
    // Binary forms may end with the line break of an editor, or with bytes that look like one: none
    // begins so.
    let body = bytes.trim_ascii_start();
    let (shortest, longest) = (body.trim_ascii_end().len(), body.len());
    let few = longest.saturating_sub(LINE_BREAKS).max(shortest)..=longest;
    let mut ends = few.chain([shortest]);
    ends.any(|end| body.get(..end).is_some_and(is_binary_key)) || is_key_text(bytes)
}

fn is_binary_key(bytes: &[u8]) -> bool {
    der::looks_like_key(bytes) || is_ssh_blob(bytes) || ec::is_point(bytes)
}

/// The binary form of an SSH key: the length of the type's name, and the name (RFC 4251 section 5).
fn is_ssh_blob(bytes: &[u8]) -> bool {
    let name = match bytes {
        [0, 0, 0, 4..=64, name @ ..] => name,
        other => other,
    };
    SSH_TYPES.iter().any(|known| name.starts_with(known.as_bytes()))
}

/// PEM and its relatives, a JWK or a set of them, a line of `authorized_keys`.
fn is_key_text(bytes: &[u8]) -> bool {
    // Without its zeros UTF-16 becomes readable. What is not UTF-8 may be the comment of an old file.
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(
        bytes
            .iter()
            .copied()
            .filter(|byte| *byte != 0)
            .map(|byte| byte.to_ascii_lowercase())
            .collect(),
    );
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    let letters: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(char::is_ascii_alphanumeric).collect());
    let is_jwk = ["\"kty\"", "'kty'"].iter().any(|name| text.contains(name));
    let armoured = text.contains("-----begin")
        || letters.contains("puttyuserkeyfile")
        || letters.contains("begin") && ARMOURED.iter().any(|word| letters.contains(word));
    is_jwk || armoured || has_ssh_line(&text)
}

/// A type's name with the key behind it, whose base64 begins with the zeros of a length.
fn has_ssh_line(text: &str) -> bool {
    let words = || text.split_ascii_whitespace();
    words().zip(words().skip(1)).any(|(name, key)| {
        key.starts_with("aaaa") && SSH_TYPES.iter().any(|known| name.starts_with(known))
    })
}

fn from_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let standard: Zeroizing<Vec<u8>> = Zeroizing::new(
        text.iter()
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                other => *other,
            })
            .collect(),
    );
    base64::decode_standard(&standard)
}

/// Pairs of digits, perhaps with colons between them, perhaps with a prefix.
fn from_hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.strip_prefix(b"0x").unwrap_or(text).iter().filter(|byte| **byte != b':');
    let digits: Option<Vec<u8>> = digits
        .map(|byte| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = Zeroizing::new(digits.filter(|digits| digits.len() % 2 == 0)?);
    Some(Zeroizing::new(digits.as_chunks().0.iter().map(|[high, low]| high << 4 | low).collect()))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;

    /// Every spelling that somebody has got past a check of the first characters.
    fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let with_colons: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let encoded = base64::encode(bytes);
        let wide: Vec<u8> =
            String::from_utf8_lossy(bytes).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut all = vec![
            bytes.to_vec(),
            [bytes, b"\n"].concat(),
            hex.to_uppercase().into_bytes(),
            format!("0x{hex}").into_bytes(),
            with_colons.join(":").into_bytes(),
            encoded.replace('-', "+").replace('_', "/").into_bytes(),
            format!(" {}\n{}\n", &encoded[..40], &encoded[40..]).into_bytes(),
        ];
        if bytes.is_ascii() {
            all.extend([wide, [b"\xef\xbb\xbf \n# ours\n", bytes].concat()]);
            all.push([b"# cl\xe9\n", bytes].concat());
        }
        all
    }

    #[test]
    fn key_files_are_recognised_in_every_spelling() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = pair.public_key().as_der().unwrap();
        let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        blob.extend([0xa5; 32]);
        let ssh = format!("from=\"10.0.0.1\" ssh-ed25519 {} me@host", base64::encode(&blob));
        let armour = "---- BEGIN SSH2 PUBLIC KEY ----\nComment: x\nAAAA\n---- END SSH2";
        let texts = [
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END",
            "-----begin certificate-----\nMIIB0000000000000000000000000000000000000000",
            "- - - - -BEGIN RSA PUBLIC KEY- - - - - MIIB0000000000000000000000000000000000",
            "{\"keys\": [{'kty': 'EC', 'crv': 'P-256'}]}........................",
            "[{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T\"}]",
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: someone's",
            armour,
            &ssh,
        ];
        let binary = [der.as_ref(), pair.public_key().as_ref(), &blob];
        for bytes in binary.into_iter().chain(texts.iter().map(|text| text.as_bytes())) {
            for spelling in spellings(bytes) {
                assert!(is_key_file(&spelling), "{}", String::from_utf8_lossy(&spelling));
            }
        }
    }

    #[test]
    fn a_key_whose_last_bytes_look_like_line_breaks_is_recognised() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = pair.public_key().as_der().unwrap();
        let (start, _) = der.as_ref().split_last_chunk::<2>().unwrap();
        for own in [*b"x ", *b"x\n", *b"\r\n", *b"\t\x0c"] {
            for behind in ["", "\n", "\r\n", "\n\n", " \r\n"] {
                let spelling = [start, &own, behind.as_bytes()].concat();
                assert!(is_key_file(&spelling), "{own:?} {behind:?}");
            }
        }
    }

    #[test]
    fn random_bytes_are_no_key_file_in_any_spelling() {
        for length in 32..160 {
            let mut secret = vec![0; length];
            aws_lc_rs::rand::fill(&mut secret).unwrap();
            // Whatever follows, this can be no element of DER.
            secret[0] = 0x31;
            for spelling in spellings(&secret) {
                assert!(!is_key_file(&spelling), "{spelling:?}");
            }
        }
    }
}
