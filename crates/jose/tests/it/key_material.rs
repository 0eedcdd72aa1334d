//! RSA keys that can be read and must not be trusted; keys that are no PEM of a key; new keys of a
//! chosen size.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_jose::{Algorithm, KeySet, RsaSize, SigningKey, VerifyingKey};
use serde_json::json;

use crate::support::{NOW, claims, verifier};

/// Made for this test of two primes that have the form of the faulty generator's.
const FAULTY: &str = "zblVg_2ANz-Sxfc9-vXwZQWEbXXyxkcqKCobTW7Hw8nh42sa-MtNLxXALFFn7S7IEymFaX1hCuHM_vBS9Bm8M0iS\
    yd1K_a9yW2yIDD7pXZtVGGmR5fnWACkAN8-pedDrJ-bqX_yu1DlfucOwQtG1rrb12d41l1pa8DCIcZcmsA2wBM6d\
    BmHf-vyplli2GNh7PZ7vs4nxraBavsr6AYdZ8_xwR0Uj4ATRWVaUKs5XoKNdS13bUPNbQK4XN-yYm-aU0zHEbd7H\
    e_-2IKUb2U8gziAaV9KxUQS5lmbarQsQb_otsVNAEn4zICJCiglTf3b0IfgjF8wmTm46QwlTL7vi0Q";

#[test]
fn a_key_of_the_faulty_generator_is_refused() {
    let jwk = json!({"kty": "RSA", "n": FAULTY, "e": "AQAB", "alg": "RS256", "kid": "a"});
    let refused = VerifyingKey::from_jwk(jwk.to_string().as_bytes(), None).unwrap_err();
    assert_eq!(refused.code().as_str(), "key_invalid");
    assert!(refused.to_string().contains("CVE-2017-15361"), "{refused}");
    // As DER, too, and a published set goes without it.
    let modulus = URL_SAFE_NO_PAD.decode(FAULTY).unwrap();
    let mut der = b"\x30\x82\x01\x0a\x02\x82\x01\x01\0".to_vec();
    der.extend(modulus);
    der.extend(b"\x02\x03\x01\0\x01");
    assert_eq!(VerifyingKey::from_der(&der, Algorithm::Ps256).unwrap_err(), refused);
    let set = KeySet::from_jwks(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap();
    assert!(set.is_empty());
    // One modulus further there is nothing to object to.
    let last = der.len() - 6;
    der[last] ^= 2;
    assert!(VerifyingKey::from_der(&der, Algorithm::Ps256).is_ok());
}

#[test]
fn a_new_rsa_key_has_the_size_that_was_chosen() {
    for (size, bytes) in
        [(RsaSize::Bits2048, 256), (RsaSize::Bits3072, 384), (RsaSize::Bits4096, 512)]
    {
        let key = SigningKey::generate_rsa(Algorithm::Ps384, size).unwrap();
        let modulus = key.verifying_key().to_jwk().unwrap().n.unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(modulus).unwrap().len(), bytes);
        let token = countersign_jose::Signer::new(key.clone()).sign(&claims()).unwrap();
        assert!(verifier(&key).verify(&token, NOW).is_ok());
    }
}

#[test]
fn only_rsa_keys_have_a_size_to_choose() {
    for algorithm in [Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ed25519] {
        let refused = SigningKey::generate_rsa(algorithm, RsaSize::Bits3072).unwrap_err();
        assert_eq!(refused.code().as_str(), "key_invalid");
        assert!(refused.to_string().contains("only an rsa key"), "{refused}");
    }
}

#[test]
fn a_pem_that_is_no_key_says_how_to_get_one() {
    let armour = |label: &str| format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
    let private =
        |text: &str| SigningKey::from_pem(text, Algorithm::Es256).unwrap_err().to_string();
    let public =
        |text: &str| VerifyingKey::from_pem(text, Algorithm::Es256).unwrap_err().to_string();
    let encrypted = armour("ENCRYPTED PRIVATE KEY");
    let legacy = armour("EC PRIVATE KEY").replace("MAA=", "Proc-Type: 4,ENCRYPTED\n\nMAA=");
    for text in [private(&encrypted), public(&encrypted), private(&legacy)] {
        assert!(text.contains("decrypt it first") && text.contains("openssl pkey -in"), "{text}");
    }
    let certificate = armour("CERTIFICATE");
    for text in [private(&certificate), public(&certificate)] {
        assert!(text.contains("openssl x509 -in"), "{text}");
    }
    assert!(private(&armour("OPENSSH PRIVATE KEY")).contains("ssh-keygen -p -m PKCS8"));
    assert!(private(&armour("PRIVATE KEY").replace('\n', "\\n")).contains("line breaks"));
    assert!(public(&armour("PRIVATE KEY")).contains("its public half"));
}
