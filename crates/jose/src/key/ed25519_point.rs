//! Whether 32 bytes may be an Ed25519 public key. The library accepts points of small order, and
//! other spellings of a point, so both are refused here, once per import, by comparing bytes.
//! Nothing is computed: bytes that are no point at all are refused by the library, which then finds
//! no signature right.

/// p = 2^255 - 19, little-endian. A y coordinate is canonical when it is below (RFC 8032 5.1.3).
const P: [u8; 32] = {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

/// The y coordinates of the eight points of small order, little-endian: of order 4, 1, 2, and
/// twice 8. The sign of x tells the two points of one y apart and does not matter here.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    {
        let mut minus_one = P;
        minus_one[0] = 0xec;
        minus_one
    },
    *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\
       \xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
    *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\
       \x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
];

/// A canonical encoding that is not of small order.
pub(crate) fn is_sound_public_key(bytes: &[u8; 32]) -> bool {
    let mut y = *bytes;
    let [.., top] = &mut y;
    *top &= 0x7f;
    let canonical = y.iter().rev().lt(P.iter().rev());
    canonical && !SMALL_ORDER.contains(&y)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    #[test]
    fn generated_keys_are_sound() {
        for _ in 0..64 {
            let pair = Ed25519KeyPair::generate().unwrap();
            assert!(is_sound_public_key(pair.public_key().as_ref().try_into().unwrap()));
        }
    }

    #[test]
    fn small_order_is_refused_with_either_sign() {
        for y in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut bytes = y;
                bytes[31] |= sign;
                assert!(!is_sound_public_key(&bytes));
            }
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        // p + 3 and p + 4 would be read as 3 and 4.
        for first in 0xed..=0xff {
            let mut bytes = [0xff; 32];
            bytes[0] = first;
            bytes[31] = 0x7f;
            assert!(!is_sound_public_key(&bytes));
        }
    }
}
