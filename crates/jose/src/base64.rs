//! Base64url without padding, strictly (RFC 7515 section 2).
//!
//! Padding, white space, characters of the other alphabet and non-zero trailing bits are refused,
//! so a byte string has exactly one spelling and a token cannot be respelled to evade a deny list.

use base64_simd::{Out, STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// The text is not canonical base64url.
#[derive(Debug)]
pub(crate) struct Malformed;

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Appends to a text.
pub(crate) fn encode_into(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_append(bytes, text);
}

/// Appends in the ordinary alphabet with padding, as PEM is written.
pub(crate) fn encode_standard_into(bytes: &[u8], text: &mut String) {
    STANDARD.encode_append(bytes, text);
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
    URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| Malformed)
}

pub(crate) fn decode_secret(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Malformed> {
    decode(text).map(Zeroizing::new)
}

/// Decodes into a buffer of exactly [`decoded_len`] bytes.
pub(crate) fn decode_into(text: &[u8], buffer: &mut [u8]) -> Result<(), Malformed> {
    if buffer.len() != decoded_len(text.len()) {
        return Err(Malformed);
    }
    URL_SAFE_NO_PAD.decode(text, Out::from_slice(buffer)).map(drop).map_err(|_| Malformed)
}

/// Decodes the ordinary alphabet with or without padding; only used to recognise public keys that
/// somebody configured as a secret.
pub(crate) fn decode_standard(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let padded = [&b"=="[..], b"="].into_iter().find_map(|padding| text.strip_suffix(padding));
    STANDARD_NO_PAD.decode_to_vec(padded.unwrap_or(text)).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_string_has_one_spelling() {
        assert_eq!(decode(b"-_8").unwrap(), [0xfb, 0xff]);
        for refused in ["-_8=", "-_9", "+/8", "-_8 ", " -_8", "-_\n8", "A", "AAAAA", "-_8."] {
            assert!(decode(refused.as_bytes()).is_err(), "{refused:?}");
            let mut buffer = vec![0; decoded_len(refused.len())];
            assert!(decode_into(refused.as_bytes(), &mut buffer).is_err(), "{refused:?}");
        }
    }

    /// The decoder takes short and long texts, and the rest behind whole vectors, by other ways.
    #[test]
    fn one_wrong_character_is_found_wherever_it_stands() {
        for length in 1..200 {
            let text = encode(&vec![0x5a; length]).into_bytes();
            for place in 0..text.len() {
                for wrong in [b'+', b'/', b'=', b'.', b' ', b'\n', 0, 0x80, 0xff] {
                    let mut text = text.clone();
                    text[place] = wrong;
                    assert!(decode(&text).is_err(), "{wrong} at {place} of {length}");
                }
            }
        }
    }

    #[test]
    fn trailing_bits_are_refused_behind_a_text_of_any_length() {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for length in 1..200 {
            let mut text = encode(&vec![0x5a; length]).into_bytes();
            let last = text.len() - 1;
            let spellings = ALPHABET.iter().filter(|character| {
                text[last] = **character;
                decode(&text).is_ok()
            });
            assert_eq!(spellings.count(), [64, 4, 16][length % 3], "{length}");
        }
    }

    #[test]
    fn padding_of_the_ordinary_alphabet_may_be_there() {
        for (text, bytes) in
            [("+/8=", &[0xfb, 0xff][..]), ("+/8", &[0xfb, 0xff]), ("+w==", &[0xfb])]
        {
            assert_eq!(**decode_standard(text.as_bytes()).unwrap(), *bytes, "{text}");
        }
        assert!(decode_standard(b"-_8").is_none());
    }

    #[test]
    fn lengths_agree_with_the_encoder() {
        for length in 0..70 {
            let text = encode(&vec![7; length]);
            assert_eq!(encoded_len(length), text.len());
            let mut appended = "before".to_owned();
            encode_into(&vec![7; length], &mut appended);
            assert_eq!(appended, format!("before{text}"));
            assert_eq!(decoded_len(text.len()), length);
            let mut buffer = vec![0; length];
            decode_into(text.as_bytes(), &mut buffer).unwrap();
            assert_eq!(buffer, vec![7; length]);
        }
    }
}
