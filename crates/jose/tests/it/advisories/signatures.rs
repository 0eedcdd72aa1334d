//! Verifiers that took for a signature what is none. The tokens are in
//! fixtures/forged_signatures.json; each test picks those of its advisory.

use countersign_jose::{Algorithm, SigningKey, VerifyingKey};
use serde_json::json;

use crate::forged::judge;
use crate::support::encode;

const ECDSA: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512];
const PKCS1: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512];
const PSS: [Algorithm; 3] = [Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512];
const ED25519: [Algorithm; 2] = [Algorithm::EdDsa, Algorithm::Ed25519];

/// CVE-2022-21449 (Java, "psychic signatures"): r and s of zero, or of the order.
#[test]
fn cve_2022_21449_zero_and_the_order_are_no_signature() {
    let numbers = ["r = ", "s = ", "r + n", "s + n", "n - r"];
    assert!(judge(&ECDSA, |name| numbers.iter().any(|n| name.starts_with(n))) >= 36);
}

/// CVE-2019-14859 (python-ecdsa), CVE-2020-13822 and CVE-2024-48948 (elliptic), CVE-2020-14968
/// (jsrsasign): other encodings of the two numbers. A signature is r and s in full length
/// (RFC 7518 section 3.4).
#[test]
fn cve_2020_13822_ecdsa_has_one_encoding() {
    let encodings = ["asn.1", "leading zero", "zero in", "zero behind", "cut", "twice", "in hex"];
    assert!(judge(&ECDSA, |name| encodings.iter().any(|e| name.starts_with(e))) >= 21);
}

/// CVE-2006-4339 (OpenSSL), CVE-2016-1494 (python-rsa), CVE-2021-30246 (jsrsasign), CVE-2022-24771
/// and CVE-2022-24772 (node-forge): what stands behind or inside the digest's wrapping, and the cube
/// root under an exponent of three (Bleichenbacher 2006).
#[test]
fn cve_2006_4339_pkcs1_padding_is_compared_as_a_whole() {
    assert!(judge(&[Algorithm::Rs256], |name| name.starts_with("cube root")) >= 3);
    let paddings = ["garbage", "no p", "block type", "one padding", "digest", "octet", "long form"];
    assert!(judge(&PKCS1, |name| paddings.iter().any(|p| name.starts_with(p))) >= 30);
}

/// CVE-2020-14967 (jsrsasign): zeros in front of an RSA signature, numbers above the modulus.
#[test]
fn cve_2020_14967_an_rsa_signature_has_one_number_and_one_length() {
    let numbers = ["the number", "s + n", "zero", "cut", "empty", "little-endian"];
    let judged = judge(&[PKCS1, PSS].concat(), |name| numbers.iter().any(|n| name.starts_with(n)));
    assert!(judged >= 66, "{judged}");
}

/// The salt of PS256 is as long as its hash, and the mask's hash is the same (RFC 7518 section 3.5).
/// Verifiers that read both from the signature accept more than one algorithm under one name.
#[test]
fn pss_has_one_salt_length_and_one_hash() {
    let parameters = ["salt", "mask", "digest", "another trailer", "a highest", "a bit", "pkcs"];
    assert!(judge(&PSS, |name| parameters.iter().any(|p| name.starts_with(p))) >= 60);
}

/// CVE-2024-48949 (elliptic), CVE-2020-36843 (ed25519-java): `s` not below the order, by which every
/// signature has a second one (RFC 8032 section 5.1.7).
#[test]
fn cve_2024_48949_ed25519_numbers_are_below_the_order() {
    assert!(judge(&ED25519, |name| name.starts_with("s ") || name.starts_with("l ")) >= 8);
    assert!(judge(&ED25519, |name| name.starts_with("r ")) >= 24);
}

/// Keys of small order (RFC 8032 section 5.1.7 leaves room, RFC 8725 section 3.4 does not): under
/// them one signature is right for many messages. Also keys that are another spelling of a point.
#[test]
fn small_order_ed25519_keys_are_refused() {
    let points: [[u8; 32]; 3] = [
        [0; 32],
        std::array::from_fn(|at| u8::from(at == 0)),
        std::array::from_fn(|at| match at {
            0 => 0xec,
            31 => 0x7f,
            _ => 0xff,
        }),
    ];
    for mut point in points {
        for _ in 0..2 {
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(point)}).to_string();
            assert!(VerifyingKey::from_jwk(jwk.as_bytes(), None).is_err());
            let prefix = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".as_slice();
            let der = [prefix, point.as_slice()].concat();
            assert!(VerifyingKey::from_der(&der, Algorithm::Ed25519).is_err());
            point[31] ^= 0x80;
        }
    }
}

/// CVE-2016-7036 (python-jose): a MAC compared byte by byte tells how much of it
/// is right. Time cannot be tested here; that every cut and every longer form is refused can.
#[test]
fn cve_2016_7036_a_mac_is_compared_as_a_whole() {
    let all = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
    assert!(judge(&all, |name| name != "right") >= 50);
}

/// CVE-2020-0601 ("curveball"): a key that brings its own curve. Only the named curves are read, and
/// only uncompressed points.
#[test]
fn cve_2020_0601_curves_are_named() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap().verifying_key();
    let der = key.to_der().unwrap();
    let (prefix, point) = der.split_at(der.len() - 65);
    assert!(VerifyingKey::from_der(&der, Algorithm::Es256).is_ok());
    // Explicit parameters where the curve's name should be (RFC 5480 section 2.1.1 forbids them).
    let explicit = [
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x30\x08\x02\x06".as_slice(),
        &[1; 6],
        b"\x03\x42\x00",
        point,
    ]
    .concat();
    let compressed = {
        let mut der = prefix.to_vec();
        (der[1], der[24]) = (0x39, 0x22);
        [&der[..], &[2 + (point[64] & 1)], &point[1..33]].concat()
    };
    let hybrid = [prefix, &[6 + (point[64] & 1)], &point[1..]].concat();
    for other in [explicit, compressed, hybrid, [&der[..], b"\0"].concat()] {
        assert!(VerifyingKey::from_der(&other, Algorithm::Es256).is_err());
    }
}
