//! The little DER that is needed: reading a tag and its length (X.690 section 8.1, 10.1).

use crate::error::Error;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Reads one element: its tag, its contents and what follows it.
pub(crate) fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit));
            (length, rest)
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}

/// Reads an element of this tag.
pub(crate) fn expect(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(found, ..)| *found == tag).map(|(_, contents, rest)| (contents, rest))
}

/// Reads a positive integer, without its sign octet.
pub(crate) fn positive_integer(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (digits, rest) = expect(INTEGER, der)?;
    Some((digits.strip_prefix(&[0]).unwrap_or(digits), rest))
}

/// Refuses what is not one element from the first byte to the last. The library stops at the end of
/// the key and does not mind what follows.
pub(crate) fn alone(der: &[u8]) -> Result<(), Error> {
    match element(der) {
        Some((SEQUENCE, _, [])) => Ok(()),
        _ => Err(Error::KeyInvalid { reason: "not one key in der, or something stands behind it" }),
    }
}

/// Whether the bytes are, from the first to the last, one structure as keys and certificates are:
/// a sequence that begins with a sequence or an integer.
pub(crate) fn looks_like_key(bytes: &[u8]) -> bool {
    let Some((contents, [])) = expect(SEQUENCE, bytes) else { return false };
    matches!(element(contents), Some((SEQUENCE | INTEGER, ..)))
}
