//! RFC 8725 and its successor, line by line. What has no test here has nothing to test in this
//! crate: J10, J24 and J26 concern encrypted tokens, which it does not read; J21 concerns fetching
//! key sets, which the guard does.

use countersign_jose::{
    Algorithm, Audience, Error, Issuer, KeySet, Leeway, Signer, SigningKey, Verifier, VerifyingKey,
};
use serde_json::json;

use crate::support::{
    AUDIENCE, ISSUER, NOW, claims, claims_with, code, encode, hs256, hs256_token, verifier,
};

const HEADER: &str = r#"{"alg":"HS256"}"#;

fn outcome(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> &'static str {
    let token = hs256_token(header, payload);
    match verifier(&hs256()).verify(&token, NOW) {
        Ok(_) => "accepted",
        Err(error) => error.code().as_str(),
    }
}

fn with_header(header: &str) -> &'static str {
    outcome(header, claims().to_string())
}

fn with_payload(payload: impl AsRef<[u8]>) -> &'static str {
    outcome(HEADER, payload)
}

#[test]
fn j01_nothing_outside_the_allow_list_is_used() {
    let key = SigningKey::generate(Algorithm::Ps256).unwrap();
    let jwk = key.to_private_jwk().unwrap().replace("PS256", "RS256");
    let same_as_rs256 = SigningKey::from_jwk(jwk.as_bytes(), None).unwrap();
    let token = Signer::new(same_as_rs256).sign(&claims()).unwrap();
    assert_eq!(code(verifier(&key).verify(&token, NOW)), "alg_not_allowed");
    let empty = Verifier::builder(key.verifying_key(), &[], Issuer::any(), Audience::any());
    assert_eq!(empty.build().unwrap_err().code().as_str(), "config_invalid");
}

#[test]
fn j02_the_algorithm_must_be_the_one_of_the_key_that_the_id_names() {
    let rsa = SigningKey::generate(Algorithm::Rs256).unwrap().with_kid("rsa");
    let ed = SigningKey::generate(Algorithm::EdDsa).unwrap().with_kid("ed");
    let set = KeySet::new(vec![rsa.verifying_key(), ed.verifying_key()]).unwrap();
    let allowed = [Algorithm::Rs256, Algorithm::EdDsa];
    let verifier =
        Verifier::builder(set, &allowed, Issuer::any(), Audience::any()).build().unwrap();
    let token = Signer::new(ed.with_kid("rsa")).sign(&claims()).unwrap();
    assert_eq!(code(verifier.verify(&token, NOW)), "alg_not_allowed");
}

#[test]
fn j03_a_key_has_one_algorithm_and_a_second_is_an_explicit_act() {
    let key = SigningKey::generate(Algorithm::Rs256).unwrap();
    let jwk = serde_json::to_string(&key.verifying_key().to_jwk().unwrap()).unwrap();
    assert!(VerifyingKey::from_jwk(jwk.as_bytes(), Some(Algorithm::Ps256)).is_err());
    let der = key.to_pkcs8_der().unwrap();
    let other = SigningKey::from_der(&der, Algorithm::Ps256).unwrap();
    assert_eq!(other.kid(), key.kid());
    let set = KeySet::new(vec![key.verifying_key(), other.verifying_key()]).unwrap();
    let allowed = [Algorithm::Rs256, Algorithm::Ps256];
    let verifier =
        Verifier::builder(set, &allowed, Issuer::any(), Audience::any()).build().unwrap();
    for key in [key, other] {
        let signer = Signer::new(key.clone());
        assert!(verifier.verify(signer.sign(&claims()).unwrap(), NOW).is_ok());
        // One material: no id is needed.
        assert!(verifier.verify(signer.without_kid().sign(&claims()).unwrap(), NOW).is_ok());
    }
}

#[test]
fn j04_the_algorithm_is_compared_with_regard_to_case() {
    for name in ["hs256", "Hs256", "HS256 ", " HS256", "HS-256", "SHA256", ""] {
        assert_eq!(with_header(&json!({"alg": name}).to_string()), "alg_not_allowed", "{name:?}");
        assert!(name.parse::<Algorithm>().is_err());
    }
    assert_eq!("HS256".parse::<Algorithm>().unwrap(), Algorithm::Hs256);
}

#[test]
fn j05_algorithms_belong_to_a_verifier_and_a_verifier_to_an_issuer() {
    let (a, b) = (hs256(), SigningKey::generate(Algorithm::EdDsa).unwrap());
    let token = Signer::new(b.clone()).sign(&claims()).unwrap();
    assert!(verifier(&b).verify(&token, NOW).is_ok());
    assert_eq!(code(verifier(&a).verify(&token, NOW)), "alg_not_allowed");
}

#[test]
fn j06_none_cannot_be_named() {
    for name in ["none", "None", "NONE", "nOnE"] {
        assert!(Algorithm::from_name(name).is_none());
        let header = encode(json!({"alg": name}).to_string());
        for signature in ["", "AAAA"] {
            let token = format!("{header}.{}.{signature}", encode(claims().to_string()));
            assert_eq!(code(verifier(&hs256()).verify(&token, NOW)), "alg_not_allowed");
        }
    }
}

#[test]
fn j07_rsa_keys_below_2048_bits_are_refused() {
    let keys: serde_json::Value =
        serde_json::from_str(include_str!("../fixtures/test_keys.json")).unwrap();
    for name in ["rsa512", "rsa1024", "rsa1536", "rsa2047"] {
        let key = &keys["keys"][name];
        let jwk = key["jwk"].to_string();
        let pem = key["pem"].as_str().unwrap();
        for algorithm in [Algorithm::Rs256, Algorithm::Ps512] {
            assert!(VerifyingKey::from_jwk(jwk.as_bytes(), Some(algorithm)).is_err(), "{name}");
            assert!(VerifyingKey::from_pem(pem, algorithm).is_err(), "{name}");
        }
    }
}

/// aws-lc mixes private key, message and fresh randomness into the nonce: a weak generator does not
/// reveal the key, which is what the line is about, and two signatures differ.
#[test]
fn j08_ecdsa_nonces_are_hedged() {
    let signer = Signer::new(SigningKey::generate(Algorithm::Es256).unwrap());
    assert_ne!(signer.sign(&claims()).unwrap(), signer.sign(&claims()).unwrap());
    let signer = Signer::new(SigningKey::generate(Algorithm::EdDsa).unwrap());
    assert_eq!(signer.sign(&claims()).unwrap(), signer.sign(&claims()).unwrap());
}

#[test]
fn j09_ed25519_has_two_names_and_the_list_is_not_widened() {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let token = Signer::new(key.clone()).sign(&claims()).unwrap();
    let with = |algorithm| {
        Verifier::builder(key.verifying_key(), &[algorithm], Issuer::any(), Audience::any())
            .build()
            .unwrap()
            .verify(&token, NOW)
    };
    assert!(with(Algorithm::Ed25519).is_ok());
    assert_eq!(code(with(Algorithm::EdDsa)), "alg_not_allowed");
}

#[test]
fn j11_encrypted_tokens_are_no_tokens() {
    let header = encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
    for token in [format!("{header}..AAAA.AAAA.AAAA"), format!("{header}.AAAA.AAAA.AAAA.AAAA")] {
        assert_eq!(code(verifier(&hs256()).verify(&token, NOW)), "malformed_token");
    }
}

#[test]
fn j12_points_and_signatures_are_checked() {
    let off_curve = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1"}"#;
    assert!(VerifyingKey::from_jwk(off_curve.as_bytes(), None).is_err());
    for small_order in ["AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &"A".repeat(43)] {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": small_order}).to_string();
        assert!(VerifyingKey::from_jwk(jwk.as_bytes(), None).is_err(), "{small_order}");
    }
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::Es512, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let token = Signer::new(key.clone()).sign(&claims()).unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let length = crate::support::decode(signature).len();
        for wrong in [0, 1, length - 1, length, length + 1, 2 * length] {
            let token = format!("{input}.{}", encode(vec![0; wrong]));
            assert_eq!(code(verifier(&key).verify(&token, NOW)), "signature_invalid");
        }
    }
}

#[test]
fn j13_short_and_known_secrets_are_refused() {
    let pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END-----";
    let weak: [&[u8]; 8] = [
        b"",
        b"secret",
        &[7; 64],
        b"your-256-bit-secret-goes-here-ok",
        b"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9ok me@host",
        br#"  {"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#,
        pem.as_bytes(),
    ];
    for secret in weak {
        let refused = SigningKey::from_secret(secret, Algorithm::Hs256).unwrap_err();
        assert_eq!(refused.code().as_str(), "key_invalid");
        assert!(VerifyingKey::from_secret(secret, Algorithm::Hs256).is_err());
    }
    let der = SigningKey::generate(Algorithm::Es256).unwrap().to_pkcs8_der().unwrap();
    assert!(SigningKey::from_secret(&der, Algorithm::Hs512).is_err());
    for (algorithm, length) in
        [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)]
    {
        let secret: Vec<u8> = (0..64_u8).map(|at| at.wrapping_mul(73) ^ (at >> 1)).collect();
        assert!(SigningKey::from_secret(&secret[..length], algorithm).is_ok());
        assert!(SigningKey::from_secret(&secret[..length - 1], algorithm).is_err());
    }
}

#[test]
fn j14_compression_is_refused() {
    assert_eq!(with_header(r#"{"alg":"HS256","zip":"DEF"}"#), "header_invalid");
    assert_eq!(with_header(r#"{"alg":"HS256","zip":null}"#), "header_invalid");
}

#[test]
fn j15_only_utf_8_is_read() {
    let utf16: Vec<u8> = claims().to_string().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = [b"\xef\xbb\xbf".as_slice(), claims().to_string().as_bytes()].concat();
    for payload in [utf16, with_mark, b"{\"sub\":\"\xff\"}".to_vec()] {
        assert_eq!(with_payload(&payload), "malformed_claims");
        assert_eq!(outcome(&payload, b"{}"), "malformed_header");
    }
}

#[test]
fn j16_a_key_of_one_issuer_says_nothing_about_another() {
    let (a, b) = (
        SigningKey::generate(Algorithm::Es256).unwrap().with_kid("1"),
        SigningKey::generate(Algorithm::Es256).unwrap().with_kid("1"),
    );
    let for_issuer = |key: &SigningKey, issuer: &str| {
        let set = KeySet::new(vec![key.verifying_key()]).unwrap();
        Verifier::builder(set, &[Algorithm::Es256], Issuer::one(issuer), Audience::any())
            .build()
            .unwrap()
    };
    let token = Signer::new(b).sign(&claims_with("iss", json!("https://a"))).unwrap();
    assert_eq!(code(for_issuer(&a, "https://a").verify(&token, NOW)), "signature_invalid");
    let token = Signer::new(a.clone()).sign(&claims_with("iss", json!("https://b"))).unwrap();
    assert_eq!(code(for_issuer(&a, "https://a").verify(&token, NOW)), "iss_mismatch");
}

#[test]
fn j17_a_subject_is_a_string_without_tricks() {
    for sub in [json!(""), json!("a\u{0}b"), json!("a\nb"), json!("a\u{85}"), json!(1), json!([])] {
        assert_eq!(with_payload(claims_with("sub", sub).to_string()), "claim_type");
    }
    assert_eq!(with_payload(claims_with("sub", json!("é 1")).to_string()), "accepted");
}

#[test]
fn j18_missing_and_foreign_audiences_are_refused() {
    assert_eq!(with_payload(claims_with("aud", json!(null)).to_string()), "missing_claim");
    for aud in [json!("x"), json!(["x"]), json!([]), json!(format!("{AUDIENCE}/"))] {
        assert_eq!(with_payload(claims_with("aud", aud).to_string()), "aud_mismatch");
    }
    for aud in [json!(AUDIENCE), json!(["x", AUDIENCE])] {
        assert_eq!(with_payload(claims_with("aud", aud).to_string()), "accepted");
    }
}

#[test]
fn j19_a_key_id_is_only_ever_compared() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap().with_kid("ed-1");
    let set = KeySet::new(vec![key.verifying_key()]).unwrap();
    let verifier = Verifier::builder(set, &[Algorithm::EdDsa], Issuer::any(), Audience::any())
        .build()
        .unwrap();
    let long = "k".repeat(10_000);
    for kid in ["../../dev/null", "x' UNION SELECT 1--", "", "ED-1", "ed-1\0", "ed-1 ", &long] {
        let token = Signer::new(key.clone().with_kid(kid)).sign(&claims()).unwrap();
        assert_eq!(code(verifier.verify(&token, NOW)), "key_not_found");
    }
}

#[test]
fn j20_keys_in_the_token_are_not_looked_at() {
    let attacker = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let jwk = attacker.verifying_key().to_jwk().unwrap();
    let own = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let forged = Signer::new(attacker)
        .parameter("jwk", &jwk)
        .unwrap()
        .parameter("jku", &"https://attacker.example/jwks")
        .unwrap();
    let token = forged.sign(&claims()).unwrap();
    assert_eq!(code(verifier(&own).verify(&token, NOW)), "signature_invalid");
}

#[test]
fn j22_the_media_type_is_set_and_checked() {
    let key = hs256();
    let at_jwt = Verifier::builder(
        key.verifying_key(),
        &[Algorithm::Hs256],
        Issuer::one(ISSUER),
        Audience::one(AUDIENCE),
    )
    .typ(Some("at+jwt"))
    .build()
    .unwrap();
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        let token = Signer::new(key.clone()).typ(typ).sign(&claims()).unwrap();
        assert!(at_jwt.verify(&token, NOW).is_ok(), "{typ}");
    }
    for typ in ["JWT", "at+jwt ", "text/at+jwt", "id_token+jwt", ""] {
        let token = Signer::new(key.clone()).typ(typ).sign(&claims()).unwrap();
        assert_eq!(code(at_jwt.verify(&token, NOW)), "typ_mismatch", "{typ}");
    }
    let token = Signer::new(key).without_typ().sign(&claims()).unwrap();
    assert_eq!(code(at_jwt.verify(&token, NOW)), "typ_mismatch");
}

#[test]
fn j23_no_kind_of_token_passes_for_another() {
    let kinds = ["at+jwt", "rt+jwt", "reset+jwt", "email+jwt", "logout+jwt", "mfa+jwt", "JWT"];
    let key = hs256();
    for issued in kinds {
        let token = Signer::new(key.clone()).typ(issued).sign(&claims()).unwrap();
        for meant in kinds {
            let issuer = Issuer::one(ISSUER);
            let verifier = Verifier::builder(
                key.verifying_key(),
                &[Algorithm::Hs256],
                issuer,
                Audience::one(AUDIENCE),
            )
            .typ(Some(meant))
            .build()
            .unwrap();
            assert_eq!(verifier.verify(&token, NOW).is_ok(), issued == meant);
        }
    }
}

#[test]
fn j25_a_token_has_one_spelling() {
    let token = hs256_token(HEADER, claims().to_string());
    let verifier = verifier(&hs256());
    assert!(verifier.verify(&token, NOW).is_ok());
    let [header, payload, signature]: [&str; 3] =
        token.split('.').collect::<Vec<_>>().try_into().unwrap();
    for respelled in [
        format!(" {token}"),
        format!("{token}\n"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload} .{signature}"),
        token.replace('_', "/"),
        format!("{token}AA"),
    ] {
        if respelled != token {
            assert_eq!(code(verifier.verify(&respelled, NOW)), "malformed_base64", "{respelled}");
        }
    }
    let json = json!({"payload": payload, "protected": header, "signature": signature});
    assert_eq!(code(verifier.verify(json.to_string(), NOW)), "malformed_token");
    for dots in [format!("{token}."), format!(".{token}"), format!("{header}.{payload}")] {
        assert_eq!(code(verifier.verify(&dots, NOW)), "malformed_token");
    }
    // The last character of 32 bytes carries two bits that must be zero.
    let last = signature.as_bytes()[42];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.iter().position(|&letter| letter == last).unwrap();
    let sibling = char::from(alphabet[at ^ 1]);
    let respelled = format!("{}{sibling}", &token[..token.len() - 1]);
    assert_eq!(code(verifier.verify(&respelled, NOW)), "malformed_base64");
}

#[test]
fn j27_critical_extensions_are_refused() {
    for crit in [json!(["x"]), json!([]), json!(null), json!("x"), json!(["b64"]), json!(["exp"])] {
        let header = json!({"alg": "HS256", "crit": crit, "x": 1}).to_string();
        assert_eq!(with_header(&header), "crit_unsupported");
    }
    assert_eq!(with_header(r#"{"alg":"HS256","b64":false}"#), "header_invalid");
    assert_eq!(with_header(r#"{"alg":"HS256","b64":true}"#), "header_invalid");
}

#[test]
fn j28_names_that_stand_twice_are_refused() {
    for header in [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"none","\u0061lg":"HS256"}"#,
        r#"{"alg":"HS256","x":{"y":1,"y":2}}"#,
        r#"{"alg":"HS256","x":[{"long_name":1,"long_name":2}]}"#,
    ] {
        assert_eq!(with_header(header), "malformed_header", "{header}");
    }
    let twice = |extra: &str| claims().to_string().replacen('{', &format!("{{{extra},"), 1);
    for extra in [r#""sub":"admin""#, r#""s\u0075b":"admin""#, r#""a":1,"a":1"#, r#""":1,"":2"#] {
        assert_eq!(with_payload(twice(extra)), "malformed_claims", "{extra}");
    }
    // More names than are compared one by one, the last of them there before.
    let many: String = (0..200).map(|number| format!(r#""name_{number}":1,"#)).collect();
    let names = many.trim_end_matches(',');
    assert_eq!(with_payload(twice(names)), "accepted");
    for again in ["name_0", "name_31", "name_32", "name_199", r"\u006eame_7"] {
        assert_eq!(with_payload(twice(&format!(r#"{names},"{again}":1"#))), "malformed_claims");
    }
    assert_eq!(with_payload(twice(r#""x":{"sub":1,"y":{"sub":1}}"#)), "accepted");
}

#[test]
fn j29_dates_are_numbers_and_the_bounds_are_exact() {
    let key = hs256();
    let at = |exp: &str, nbf: &str, leeway: u32| {
        let payload = format!(r#"{{"exp":{exp},"nbf":{nbf}}}"#);
        let verifier = Verifier::builder(
            key.verifying_key(),
            &[Algorithm::Hs256],
            Issuer::any(),
            Audience::any(),
        )
        .leeway(Leeway::uniform(leeway))
        .build()
        .unwrap();
        match verifier.verify(hs256_token(HEADER, payload), NOW) {
            Ok(_) => "accepted",
            Err(error) => error.code().as_str(),
        }
    };
    assert_eq!(at("1800000000", "0", 0), "token_expired");
    assert_eq!(at("1800000000.5", "0", 0), "accepted");
    assert_eq!(at("1800000001", "1800000000", 0), "accepted");
    assert_eq!(at("1800000001", "1800000001", 0), "token_not_yet_valid");
    assert_eq!(at("1800000001", "1800000000.5", 0), "token_not_yet_valid");
    assert_eq!(at("1799999970", "0", 30), "token_expired");
    assert_eq!(at("1799999971", "1800000030", 30), "accepted");
    assert_eq!(at("1800000001", "1800000031", 30), "token_not_yet_valid");
    assert_eq!(at("1.8000006e9", "-1", 0), "accepted");
    assert_eq!(at("253402300799", "0", 0), "accepted");
    assert_eq!(at("253402300800", "0", 0), "claim_type");
    assert_eq!(at("1e300", "0", 0), "claim_type");
    assert_eq!(at("-1e300", "0", 0), "token_expired");
    for wrong in ["\"1800000600\"", "null", "true", "[1800000600]", "{}"] {
        assert_eq!(at(wrong, "0", 0), "claim_type");
        assert_eq!(at("1800000600", wrong, 0), "claim_type");
    }
    for no_json in ["NaN", "Infinity", "1e999", "+1", "01", "1.", ".5", "0x10"] {
        assert_eq!(at(no_json, "0", 0), "malformed_claims", "{no_json}");
    }
}

#[test]
fn j30_size_and_depth_are_bounded_before_anything_is_read() {
    let verifier = verifier(&hs256());
    let huge = "A".repeat(16 * 1024 + 1);
    assert_eq!(verifier.verify(&huge, NOW).unwrap_err(), Error::TokenTooLarge { limit: 16 * 1024 });
    assert_eq!(code(verifier.verify(&huge[1..], NOW)), "malformed_token");
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let payload =
        |depth| claims().to_string().replacen('{', &format!("{{\"x\":{},", nested(depth)), 1);
    assert_eq!(with_payload(payload(31)), "accepted");
    assert_eq!(with_payload(payload(32)), "malformed_claims");
    assert_eq!(with_header(&format!(r#"{{"alg":"HS256","x":{}}}"#, nested(31))), "accepted");
    assert_eq!(
        with_header(&format!(r#"{{"alg":"HS256","x":{}}}"#, nested(32))),
        "malformed_header"
    );
    let open = encode("[".repeat(13_000));
    assert_eq!(code(verifier.verify(format!("{open}.e30.AAAA"), NOW)), "token_too_large");
    let open = encode("[".repeat(9_000));
    assert_eq!(code(verifier.verify(format!("{open}.e30.AAAA"), NOW)), "malformed_header");
}
