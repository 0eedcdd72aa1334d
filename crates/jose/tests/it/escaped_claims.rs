//! Registered claims that are written with escapes are read as what they say, in time that grows
//! with the token and not with its square.

use std::time::{Duration, Instant};

use countersign_jose::{Algorithm, Audience, Issuer, Verifier};

use crate::support::{AUDIENCE, ISSUER, NOW, hs256, signed, verifier};

#[test]
fn each_escaped_claim_says_its_own_text() {
    let key = hs256();
    let verifier = verifier(&key);
    // In another order than that in which they are kept, and with plain ones between them.
    let payload = format!(
        r#"{{"jti":"\u006a","aud":["\u0061","b","\u0063",{AUDIENCE:?}],"exp":{},"sub":"\u0073","iss":"\u0068{}"}}"#,
        NOW + 600,
        ISSUER.strip_prefix('h').unwrap(),
    );
    let verified = verifier.verify(signed(&key, &payload), NOW).unwrap();
    let claims = verified.claims();
    assert_eq!((claims.jti(), claims.sub(), claims.iss()), (Some("j"), Some("s"), Some(ISSUER)));
    assert!(claims.aud().eq(["a", "b", "c", AUDIENCE]));
}

#[test]
fn a_megabyte_of_escaped_audiences_takes_no_longer_than_other_tokens() {
    let key = hs256();
    let verifier = Verifier::builder(
        key.verifying_key(),
        &[Algorithm::Hs256],
        Issuer::one(ISSUER),
        Audience::one(AUDIENCE),
    )
    .max_token_bytes(1 << 20)
    .build()
    .unwrap();
    let audiences = vec![r#""\u0061""#; 60_000].join(",");
    let payload = format!(r#"{{"iss":{ISSUER:?},"exp":{},"aud":[{audiences}]}}"#, NOW + 600);
    let token = signed(&key, &payload);
    let start = Instant::now();
    assert_eq!(verifier.verify(&token, NOW).unwrap_err().code().as_str(), "aud_mismatch");
    // Milliseconds where nothing is optimised; a square took minutes there.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}
