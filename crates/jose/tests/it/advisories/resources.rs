//! Small inputs that cost much. A case has five seconds where it takes a few milliseconds, so the
//! tests hold on a busy machine and still find anything that grows faster than its input.

use std::time::{Duration, Instant};

use countersign_jose::{Algorithm, KeySet, SigningKey, VerifyingKey, dangerous};

use crate::support::{NOW, claims, code, encode, hs256, hs256_token, verifier};

fn promptly<T>(run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let outcome = run();
    assert!(start.elapsed() < Duration::from_secs(5), "took {:?}", start.elapsed());
    outcome
}

/// CVE-2025-61920 (Authlib): segments of any length. Nothing of a token beyond the limit is read.
#[test]
fn cve_2025_61920_a_long_token_is_refused_unread() {
    let verifier = verifier(&hs256());
    for token in
        ["A".repeat(1 << 20), ".".repeat(1 << 20), format!("e30.{}.AA", "A".repeat(1 << 20))]
    {
        assert_eq!(code(promptly(|| verifier.verify(&token, NOW))), "token_too_large");
        assert!(promptly(|| dangerous::decode_header_unverified(&token)).is_err());
        assert!(promptly(|| dangerous::decode_claims_unverified(&token)).is_err());
    }
}

/// CVE-2025-30204 (golang-jwt), CVE-2025-27144 (go-jose): a token of dots became a list as long.
#[test]
fn cve_2025_30204_dots_are_not_collected() {
    let verifier = verifier(&hs256());
    let dots = ".".repeat(16 * 1024);
    let outcomes = promptly(|| [(); 1_000].map(|()| code(verifier.verify(&dots, NOW))));
    assert!(outcomes.iter().all(|outcome| *outcome == "malformed_token"));
}

/// GHSA-8wjv-2p76-3863 (PyJWT): nesting that exhausts the stack, in every document that is read.
#[test]
fn ghsa_8wjv_nesting_is_bounded() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for closed in [true, false] {
            let deep = |depth: usize| {
                let end = if closed { close.repeat(depth) } else { String::new() };
                format!("{}1{end}", open.repeat(depth))
            };
            let payload = format!(r#"{{"x":{}}}"#, deep(1_000));
            let token = hs256_token(r#"{"alg":"HS256"}"#, &payload);
            let refused = promptly(|| verifier(&hs256()).verify(&token, NOW));
            assert_eq!(code(refused), "malformed_claims");
            let token = hs256_token(&payload, claims().to_string());
            let refused = promptly(|| verifier(&hs256()).verify(&token, NOW));
            assert_eq!(code(refused), "malformed_header");
            let deep = deep(10_000);
            let jwk = format!(r#"{{"kty":"OKP","x":{deep}}}"#);
            assert!(promptly(|| VerifyingKey::from_jwk(jwk.as_bytes(), None)).is_err());
            assert!(promptly(|| SigningKey::from_jwk(deep.as_bytes(), None)).is_err());
            let set = format!(r#"{{"keys":[{deep}]}}"#);
            assert!(promptly(|| KeySet::from_jwks(set.as_bytes())).is_err());
        }
    }
}

/// CVE-2024-33664 (python-jose), CVE-2024-28180 (go-jose), CVE-2025-62706 (Authlib): a payload that
/// unpacks to a thousand times its size. Nothing is unpacked, neither here nor in encrypted tokens.
#[test]
fn cve_2024_33664_nothing_is_unpacked() {
    for zip in [r#""DEF""#, r#""GZIP""#, "null", "true"] {
        let header = format!(r#"{{"alg":"HS256","zip":{zip}}}"#);
        let token = hs256_token(header, claims().to_string());
        assert_eq!(code(verifier(&hs256()).verify(token, NOW)), "header_invalid");
    }
    let header = encode(r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#);
    let token = format!("{header}..AAAA.{}.AAAA", "A".repeat(10_000));
    assert_eq!(code(verifier(&hs256()).verify(token, NOW)), "malformed_token");
}

/// CVE-2022-36083 (jose), CVE-2023-50967 (latchset jose): the token said how often to hash.
#[test]
fn cve_2022_36083_the_token_does_not_say_how_much_to_compute() {
    let header = r#"{"alg":"PBES2-HS512+A256KW","p2c":2147483647,"p2s":"AAAA","enc":"A256GCM"}"#;
    let token = hs256_token(header, claims().to_string());
    let refused = promptly(|| verifier(&hs256()).verify(&token, NOW));
    assert_eq!(code(refused), "alg_not_allowed");
}

/// A length that is claimed and not there, in every format that has lengths.
#[test]
fn claimed_lengths_are_not_believed() {
    let claimed: [&[u8]; 5] = [
        b"\x30\x84\xff\xff\xff\xff\x02\x01\x00",
        b"\x30\x84\x7f\xff\xff\xff\x30\x0d",
        b"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x30\x80\x30\x80\x02\x80",
        b"\x30\x0a\x02\x84\xff\xff\xff\xff\x01",
    ];
    for der in claimed {
        for algorithm in Algorithm::ALL {
            assert!(promptly(|| SigningKey::from_der(der, algorithm)).is_err());
            assert!(promptly(|| VerifyingKey::from_der(der, algorithm)).is_err());
        }
    }
    let numbers = "A".repeat(1 << 20);
    let jwk = format!(r#"{{"kty":"RSA","alg":"RS256","n":"{numbers}","e":"{numbers}"}}"#);
    assert!(promptly(|| VerifyingKey::from_jwk(jwk.as_bytes(), None)).is_err());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{numbers}\n-----END PUBLIC KEY-----\n");
    assert!(promptly(|| VerifyingKey::from_pem(&pem, Algorithm::Rs256)).is_err());
    assert!(
        promptly(|| SigningKey::from_pem(&"-----BEGIN ".repeat(100_000), Algorithm::Es256))
            .is_err()
    );
}

/// Comparing each of thousands of names with each other is a second's work.
#[test]
fn many_members_and_many_keys_cost_no_more_than_they_are() {
    let members: String = (0..1_500).map(|n| format!(r#""{n:x}":1,"#)).collect();
    let payload = claims().to_string().replacen('{', &format!("{{{members}"), 1);
    let token = hs256_token(r#"{"alg":"HS256"}"#, payload);
    assert!(promptly(|| verifier(&hs256()).verify(&token, NOW)).is_ok());
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let set = format!(r#"{{"keys":[{}]}}"#, vec![jwk; 3_000].join(","));
    assert_eq!(promptly(|| KeySet::from_jwks(set.as_bytes())).unwrap().len(), 1);
    let operations = vec![r#""verify""#; 50_000].join(",");
    let jwk = jwk.replacen('{', &format!(r#"{{"key_ops":[{operations}],"#), 1);
    assert!(promptly(|| VerifyingKey::from_jwk(jwk.as_bytes(), None)).is_err());
}
