//! The token chooses its algorithm, and with it what the key means.

use countersign_jose::{
    Algorithm, Audience, Error, Issuer, KeySet, SigningKey, Verifier, VerifyingKey,
};
use serde_json::json;

use crate::support::{NOW, claims, code, encode, hs256, verifier};

/// Everything of a public key that could be mistaken for a secret.
fn spellings(key: &VerifyingKey) -> Vec<Vec<u8>> {
    let der = key.to_der().unwrap();
    let pem = key.to_pem().unwrap();
    let jwk = serde_json::to_string(&key.to_jwk().unwrap()).unwrap();
    let hex: String = der.iter().map(|byte| format!("{byte:02x}")).collect();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    vec![
        pem.replace('\n', "\r\n").into_bytes(),
        pem.trim().as_bytes().to_vec(),
        format!(" \n{pem}").into_bytes(),
        format!("\u{feff}{pem}").into_bytes(),
        format!("# our key\n{pem}").into_bytes(),
        pem.to_lowercase().into_bytes(),
        pem.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        encode(&pem).into_bytes(),
        pem.into_bytes(),
        body.into_bytes(),
        encode(&der).into_bytes(),
        hex.into_bytes(),
        [&der[..], b"\n"].concat(),
        der,
        format!("{{\"keys\":[{jwk}]}}").into_bytes(),
        format!("[{jwk}]").into_bytes(),
        format!("\u{feff} {jwk}").into_bytes(),
        jwk.into_bytes(),
    ]
}

fn mac(secret: &[u8], header: &str) -> String {
    use aws_lc_rs::hmac;
    let input = format!("{}.{}", encode(header), encode(claims().to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
    format!("{input}.{}", encode(tag.as_ref()))
}

/// CVE-2015-9235 (node jsonwebtoken), CVE-2016-5431, CVE-2016-10555, CVE-2017-11424 (PyJWT, PKCS#1),
/// CVE-2022-29217 (PyJWT, SSH), CVE-2022-23541, CVE-2023-48223 and CVE-2026-34950 (fast-jwt, white
/// space before the armour), CVE-2024-33663 (python-jose, DER and ECDSA), CVE-2024-37568 (Authlib),
/// CVE-2024-54150 (cjwt), CVE-2026-22817 (Hono), CVE-2026-48526 (PyJWT, JWK text),
/// GHSA-ffc3-869f-jxw9 (PyJWT: sets, hexadecimal, base64, marks, DER). A MAC made with the public key
/// is a MAC under no key of the verifier, whatever the spelling.
#[test]
fn cve_2015_9235_a_public_key_is_no_hmac_secret() {
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let public = key.verifying_key();
        let verifier = verifier(&key);
        for spelling in spellings(&public) {
            let header = json!({"alg": "HS256", "kid": public.kid()}).to_string();
            let forged = mac(&spelling, &header);
            assert_eq!(code(verifier.verify(&forged, NOW)), "alg_not_allowed");
            // Saying the right name does not make it a signature.
            let forged = mac(&spelling, &json!({"alg": algorithm}).to_string());
            assert_eq!(code(verifier.verify(&forged, NOW)), "signature_invalid");
        }
    }
}

/// The other half of the same advisories: whoever configures a key file as the secret is told so.
#[test]
fn cve_2017_11424_a_key_file_is_not_taken_for_a_secret() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es512, Algorithm::Ed25519] {
        let key = SigningKey::generate(algorithm).unwrap();
        let private = [key.to_pkcs8_pem().unwrap().as_bytes(), &*key.to_pkcs8_der().unwrap()]
            .map(<[u8]>::to_vec);
        for spelling in spellings(&key.verifying_key()).into_iter().chain(private) {
            let refused = SigningKey::from_secret(&spelling, Algorithm::Hs256).unwrap_err();
            let Error::KeyInvalid { reason } = refused else { panic!("{refused}") };
            // The shortest forms of the shortest key are refused for their length.
            assert!(reason.contains("key file"), "{reason}");
            assert!(VerifyingKey::from_secret(&spelling, Algorithm::Hs256).is_err());
        }
    }
}

/// CVE-2022-29217: lines of `authorized_keys` and of a known-hosts file.
#[test]
fn cve_2022_29217_ssh_keys_are_not_taken_for_a_secret() {
    let blob = |name: &str| {
        let length = u8::try_from(name.len()).unwrap();
        [&[0, 0, 0, length], name.as_bytes(), &[0, 0, 0, 32], &[0x5a; 32]].concat()
    };
    for name in ["ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com"] {
        let key = encode(blob(name));
        let lines = [
            format!("{name} {key} me@host"),
            format!("\n{name}\t{key}"),
            format!("restrict,command=\"x\" {name} {key}"),
            format!("host.example,10.0.0.1 {name} {key}"),
            key,
        ];
        for line in lines.iter().map(String::as_bytes).chain([&*blob(name)]) {
            assert!(SigningKey::from_secret(line, Algorithm::Hs256).is_err());
        }
    }
}

/// CVE-2015-2951 (F21 JWT), CVE-2018-1000531 (inversoft), CVE-2020-28042 (ServiceStack, an empty
/// signature), CVE-2022-23540 (node jsonwebtoken), CVE-2026-28802 (Authlib), GHSA-88q6-jcjg-hvmw
/// (jose-swift): `none`, however spelled and whatever stands behind the last dot.
#[test]
fn cve_2018_1000531_none_is_no_algorithm() {
    let payload = encode(claims().to_string());
    let verifier = verifier(&hs256());
    for name in [json!("none"), json!("None"), json!("NONE"), json!("nOnE"), json!("none ")] {
        let header = encode(json!({"alg": name, "typ": "JWT"}).to_string());
        for signature in ["", "AA", "bm9uZQ", &"A".repeat(43)] {
            let token = format!("{header}.{payload}.{signature}");
            assert_eq!(code(verifier.verify(&token, NOW)), "alg_not_allowed");
        }
    }
    for header in ["{}", r#"{"typ":"JWT"}"#, r#"{"alg":null}"#, r#"{"alg":["HS256","none"]}"#] {
        let token = format!("{}.{payload}.", encode(header));
        assert_eq!(code(verifier.verify(&token, NOW)), "header_invalid");
    }
}

/// CVE-2026-48523 (PyJWT: the list was not applied to a key with an algorithm), and the lesson of
/// CVE-2026-55165 (an application that took the list from the token): the list is made before any
/// token is there, and the key's algorithm must agree as well.
#[test]
fn cve_2026_48523_the_list_holds_for_every_kind_of_key() {
    let key = SigningKey::generate(Algorithm::Ps512).unwrap();
    let der = key.to_pkcs8_der().unwrap();
    let pkcs1 = SigningKey::from_der(&der, Algorithm::Rs512).unwrap();
    let token = countersign_jose::Signer::new(pkcs1.clone()).sign(&claims()).unwrap();
    let set = KeySet::new(vec![key.verifying_key()]).unwrap();
    for both in [[Algorithm::Ps512, Algorithm::Rs512], [Algorithm::Rs512, Algorithm::Ps512]] {
        let builder = |keys: countersign_jose::Keys| {
            Verifier::builder(keys, &both, Issuer::any(), Audience::any()).build().unwrap()
        };
        let one = builder(key.verifying_key().into());
        assert_eq!(code(one.verify(&token, NOW)), "alg_not_allowed");
        assert_eq!(code(builder(set.clone().into()).verify(&token, NOW)), "alg_not_allowed");
    }
    let verifier = verifier(&pkcs1);
    let own = countersign_jose::Signer::new(key).sign(&claims()).unwrap();
    assert_eq!(code(verifier.verify(&own, NOW)), "alg_not_allowed");
}

/// CVE-2026-44699 (LibJWT): an RSA key without `alg` was an HMAC key of no bytes.
#[test]
fn cve_2026_44699_a_key_without_an_algorithm_is_for_its_own_family_only() {
    let key = SigningKey::generate(Algorithm::Rs256).unwrap().with_kid("r");
    let mut jwk = serde_json::to_value(key.verifying_key().to_jwk().unwrap()).unwrap();
    jwk.as_object_mut().unwrap().remove("alg");
    for algorithm in [Algorithm::Hs256, Algorithm::Hs512, Algorithm::Es256, Algorithm::EdDsa] {
        assert!(VerifyingKey::from_jwk(jwk.to_string().as_bytes(), Some(algorithm)).is_err());
    }
    let document = json!({"keys": [jwk]}).to_string();
    let hmac_only = KeySet::from_jwks_for(document.as_bytes(), &[Algorithm::Hs256]).unwrap();
    assert!(hmac_only.is_empty());
    let set = KeySet::from_jwks(document.as_bytes()).unwrap();
    let verifier = Verifier::builder(set, &[Algorithm::Rs256], Issuer::any(), Audience::any())
        .build()
        .unwrap();
    for secret in [&b""[..], b"\0"] {
        let forged = mac(secret, r#"{"alg":"HS256","kid":"r"}"#);
        assert_eq!(code(verifier.verify(&forged, NOW)), "alg_not_allowed");
    }
}

/// GHSA-c8v6-786g-vjx6 (json-jwt), CVE-2026-29000 (pac4j): an encrypted token, for which the public
/// key suffices, is no signed one.
#[test]
fn cve_2026_29000_an_encrypted_token_is_no_signed_one() {
    let verifier = verifier(&hs256());
    for header in [
        r#"{"alg":"RSA-OAEP","enc":"A128GCM"}"#,
        r#"{"alg":"dir","enc":"A256GCM","cty":"JWT"}"#,
        r#"{"alg":"HS256","enc":"A256GCM"}"#,
    ] {
        let header = encode(header);
        let five = format!("{header}.AAAA.AAAA.AAAA.AAAA");
        assert_eq!(code(verifier.verify(five, NOW)), "malformed_token");
        let three = format!("{header}.AAAA.AAAA");
        assert!(verifier.verify(three, NOW).is_err());
    }
}
