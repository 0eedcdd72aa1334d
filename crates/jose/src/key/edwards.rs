//! Whether 32 bytes are a sound Ed25519 public key. The library decodes the point only when it
//! verifies, and accepts points of small order, so this is decided here, once per import.
//!
//! Only public values are computed with, so nothing needs to run in constant time.

/// A number below 2^256, least significant limb first, meant modulo 2^255 - 19.
type Field = [u64; 4];

const P: Field = [0xffff_ffff_ffff_ffed, u64::MAX, u64::MAX, 0x7fff_ffff_ffff_ffff];
const ONE: Field = [1, 0, 0, 0];

/// The curve constant d = -121665/121666 (RFC 8032 section 5.1).
const D: Field =
    [0x75eb_4dca_1359_78a3, 0x0070_0a4d_4141_d8ab, 0x8cc7_4079_7779_e898, 0x5203_6cee_2b6f_fe73];

/// The y coordinates of the eight points of small order: order 4, 1, 2 and twice 8.
const SMALL_ORDER: [Field; 5] = [
    [0, 0, 0, 0],
    ONE,
    [0xffff_ffff_ffff_ffec, u64::MAX, u64::MAX, 0x7fff_ffff_ffff_ffff],
    [0x4fd8_4d3d_706a_17c7, 0x0f67_100d_760b_3cba, 0xc6cc_392c_fa53_202a, 0x7a03_ac92_77fd_c74e],
    [0xb027_b2c2_8f95_e826, 0xf098_eff2_89f4_c345, 0x3933_c6d3_05ac_dfd5, 0x05fc_536d_8802_38b1],
];

/// A canonical encoding of a point on the curve that is not of small order.
pub(crate) fn is_sound_public_key(bytes: &[u8; 32]) -> bool {
    let mut y = [0; 4];
    for (limb, chunk) in y.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().rev().fold(0, |limb, &byte| limb << 8 | u64::from(byte));
    }
    let [.., top] = &mut y;
    *top &= 0x7fff_ffff_ffff_ffff;
    is_below(&y, &P) && !SMALL_ORDER.contains(&y) && is_on_curve(&y)
}

/// Whether an x exists: x^2 = (y^2 - 1) / (d y^2 + 1). The quotient is a square exactly if the
/// product is (Euler's criterion; it is zero only for points of small order).
fn is_on_curve(y: &Field) -> bool {
    let square = multiply(y, y);
    let numerator = add(&square, &[0xffff_ffff_ffff_ffec, u64::MAX, u64::MAX, P[3]]);
    let denominator = add(&multiply(&D, &square), &ONE);
    canonical(&euler(&multiply(&numerator, &denominator))) == ONE
}

/// Raises to (p - 1) / 2 = 2^254 - 10: in binary all ones but for bits 3 and 0.
fn euler(base: &Field) -> Field {
    let mut power = ONE;
    for bit in (0..254).rev() {
        power = multiply(&power, &power);
        if bit != 3 && bit != 0 {
            power = multiply(&power, base);
        }
    }
    power
}

fn multiply(left: &Field, right: &Field) -> Field {
    let mut wide = [0; 8];
    for (row, &digit) in left.iter().enumerate() {
        let mut carry = 0_u128;
        for (slot, &other) in wide.iter_mut().skip(row).zip(right.iter().chain(&[0])) {
            carry += u128::from(*slot) + u128::from(digit) * u128::from(other);
            *slot = low(carry);
            carry >>= 64;
        }
    }
    let [a, b, c, d, high @ ..] = wide;
    // 2^256 is 38 modulo p.
    fold(&[a, b, c, d], &high.map(|limb| u128::from(limb) * 38))
}

fn add(left: &Field, right: &Field) -> Field {
    fold(left, &right.map(u128::from))
}

/// Adds, and brings what exceeds 2^256 back in.
fn fold(left: &Field, right: &[u128; 4]) -> Field {
    let mut sum = *left;
    let mut carry = 0;
    for (limb, addend) in sum.iter_mut().zip(right) {
        carry += u128::from(*limb) + addend;
        *limb = low(carry);
        carry >>= 64;
    }
    if carry == 0 { sum } else { fold(&sum, &[carry * 38, 0, 0, 0]) }
}

fn canonical(number: &Field) -> Field {
    let mut reduced = *number;
    while !is_below(&reduced, &P) {
        let mut borrow = false;
        for (limb, subtrahend) in reduced.iter_mut().zip(&P) {
            let (difference, first) = limb.overflowing_sub(*subtrahend);
            let (difference, second) = difference.overflowing_sub(u64::from(borrow));
            *limb = difference;
            borrow = first || second;
        }
    }
    reduced
}

fn is_below(left: &Field, right: &Field) -> bool {
    left.iter().rev().lt(right.iter().rev())
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
const fn low(number: u128) -> u64 {
    number as u64
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
    fn about_half_of_all_numbers_are_no_point() {
        let sound = (2..=201).filter(|&first| {
            let mut bytes = [0; 32];
            bytes[0] = first;
            bytes[20] = first ^ 0x5a;
            is_sound_public_key(&bytes)
        });
        let count = sound.count();
        assert!((60..140).contains(&count), "{count}");
        assert!(!is_sound_public_key(&std::array::from_fn(|at| if at == 0 { 2 } else { 0 })));
    }

    #[test]
    fn small_order_and_other_spellings_are_refused() {
        for y in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut bytes = [0; 32];
                for (chunk, limb) in bytes.chunks_exact_mut(8).zip(y) {
                    chunk.copy_from_slice(&limb.to_le_bytes());
                }
                bytes[31] |= sign;
                assert!(!is_sound_public_key(&bytes));
            }
        }
        // p + 3 and p + 4 would be read as 3 and 4.
        for first in 0xed..=0xff {
            let mut bytes = [0xff; 32];
            bytes[0] = first;
            bytes[31] = 0x7f;
            assert!(!is_sound_public_key(&bytes));
        }
    }
}
