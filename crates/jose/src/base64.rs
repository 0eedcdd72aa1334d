//! Base64url without padding, strictly (RFC 7515 section 2).
//!
//! Padding, white space, characters of the other alphabet and non-zero trailing bits are refused,
//! so a byte string has exactly one spelling and a token cannot be respelled to evade a deny list.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, PAD_INDIFFERENT};
use zeroize::Zeroizing;

#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
use base64::engine::simd::Simd;

#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
static URL_SAFE: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));

#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
static URL_SAFE: LazyLock<GeneralPurpose> =
    LazyLock::new(|| GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD));

static STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, PAD_INDIFFERENT);

/// The text is not canonical base64url.
#[derive(Debug)]
pub(crate) struct Malformed;

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE.encode(bytes)
}

/// Appends to a text.
pub(crate) fn encode_into(bytes: &[u8], text: &mut Vec<u8>) {
    let start = text.len();
    text.resize(start + encoded_len(bytes.len()), 0);
    if let Some(room) = text.get_mut(start..) {
        // The room is exactly as long as what is written.
        let _ = URL_SAFE.encode_slice(bytes, room);
    }
}

/// Encodes with the ordinary alphabet and padding, as PEM has it.
/// The ordinary alphabet with padding, which PEM is written in.
pub(crate) fn encode_standard_into(bytes: &[u8], text: &mut String) {
    STANDARD.encode_string(bytes, text);
}

/// The length of what `encoded_len` characters decode to. One character too many is the
/// decoder's to refuse.
pub(crate) const fn decoded_len(encoded_len: usize) -> usize {
    encoded_len / 4 * 3 + (encoded_len % 4) * 3 / 4
}

pub(crate) fn encoded_len(decoded_len: usize) -> usize {
    decoded_len / 3 * 4 + (decoded_len % 3 * 4).div_ceil(3)
}

pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, Malformed> {
    URL_SAFE.decode(text).map_err(|_| Malformed)
}

pub(crate) fn decode_secret(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    decode(text).map(Zeroizing::new)
}

/// Decodes into a buffer of exactly [`decoded_len`] bytes.
pub(crate) fn decode_into(text: &[u8], buffer: &mut [u8]) -> Result<(), Malformed> {
    match URL_SAFE.decode_slice(text, buffer) {
        Ok(written) if written == buffer.len() => Ok(()),
        _ => Err(Malformed),
    }
}

/// Decodes the ordinary alphabet with or without padding; only used to recognise public keys that
/// somebody configured as a secret.
pub(crate) fn decode_standard(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    STANDARD.decode(text).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_string_has_one_spelling() {
        assert_eq!(decode(b"-_8").unwrap(), [0xfb, 0xff]);
        for refused in ["-_8=", "-_9", "+/8", "-_8 ", " -_8", "-_\n8", "A", "AAAAA", "-_8."] {
            assert!(decode(refused.as_bytes()).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn lengths_agree_with_the_encoder() {
        for length in 0..70 {
            let text = encode(&vec![7; length]);
            assert_eq!(encoded_len(length), text.len());
            let mut appended = b"before".to_vec();
            encode_into(&vec![7; length], &mut appended);
            assert_eq!(appended, format!("before{text}").into_bytes());
            assert_eq!(decoded_len(text.len()), length);
            let mut buffer = vec![0; length];
            decode_into(text.as_bytes(), &mut buffer).unwrap();
            assert_eq!(buffer, vec![7; length]);
        }
    }
}
