//! J10, J11, J14, J15, J24 to J28, J30: what is a token at all, and how much of one is read.

use countersign_jose::Error;
use serde_json::json;

use super::{HEADER, outcome, with_header, with_payload};
use crate::support::{NOW, claims, code, encode, hs256, hs256_token, verifier};

/// A nested token is refused as a whole: its outer layer says `cty: JWT` (RFC 7519 section 5.2), and
/// an inner layer is never taken for claims, however good the outer signature.
#[test]
fn j10_a_nested_token_is_refused_with_all_its_layers() {
    let inner = hs256_token(HEADER, claims().to_string());
    for cty in ["JWT", "jwt", "application/jwt"] {
        let header = json!({"alg": "HS256", "cty": cty}).to_string();
        assert_eq!(outcome(&header, &inner), "header_invalid");
        assert_eq!(with_header(&header), "header_invalid");
    }
    for payload in [inner.clone(), format!("\"{inner}\""), json!([inner]).to_string()] {
        assert_eq!(with_payload(payload), "malformed_claims");
    }
}

#[test]
fn j11_encrypted_tokens_are_no_tokens() {
    let header = encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
    for token in [format!("{header}..AAAA.AAAA.AAAA"), format!("{header}.AAAA.AAAA.AAAA.AAAA")] {
        assert_eq!(code(verifier(&hs256()).verify(&token, NOW)), "malformed_token");
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

/// PBES2 is an algorithm of encrypted tokens, none of which is read: its count is not even parsed.
#[test]
fn j24_a_count_of_iterations_is_not_followed() {
    for count in ["1", "1200001", "2147483647", "1e300", "-1", "\"many\""] {
        let header = format!(r#"{{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":{count}}}"#);
        assert_eq!(with_header(&header), "alg_not_allowed");
        let header = format!(r#"{{"alg":"HS256","p2c":{count},"p2s":"AAAA"}}"#);
        assert_eq!(with_header(&header), "accepted", "an unknown parameter is ignored");
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

/// Nothing is decompressed, so no size can be reached by it: five parts are refused unread, and `zip`
/// on a signed token is refused before its signature is looked at.
#[test]
fn j26_nothing_is_decompressed() {
    let header = encode(r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#);
    let bomb = format!("{header}..AAAA.{}.AAAA", "A".repeat(8_000));
    assert_eq!(code(verifier(&hs256()).verify(&bomb, NOW)), "malformed_token");
    let token = hs256_token(r#"{"alg":"HS256","zip":"DEF"}"#, [0x78; 9_000]);
    let (input, _) = token.rsplit_once('.').unwrap();
    for signature in [token.rsplit_once('.').unwrap().1, "AAAA"] {
        let token = format!("{input}.{signature}");
        assert_eq!(code(verifier(&hs256()).verify(&token, NOW)), "header_invalid");
    }
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
