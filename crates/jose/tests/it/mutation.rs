//! A token that was changed anywhere never verifies, and nothing makes the verifier panic.

use std::sync::LazyLock;

use countersign_jose::{Algorithm, Signer, SigningKey, Verifier, dangerous};
use proptest::collection::{hash_map, hash_set, vec};
use proptest::prelude::*;

use crate::support::{NOW, claims, hs256, hs256_token, verifier};

fn token_and_verifier(algorithm: Algorithm) -> (String, Verifier) {
    let key = match algorithm {
        Algorithm::Hs256 => hs256(),
        other => SigningKey::generate(other).unwrap(),
    };
    let verifier = verifier(&key);
    let token = Signer::new(key).sign(&claims()).unwrap();
    verifier.verify(&token, NOW).unwrap();
    (token, verifier)
}

/// One of each algorithm; the keys are made once.
static PAIRS: LazyLock<Vec<(String, Verifier)>> =
    LazyLock::new(|| Algorithm::ALL.map(token_and_verifier).to_vec());

/// Parts of several good tokens do not make another good one.
#[test]
fn no_parts_of_different_tokens_fit_together() {
    for algorithm in [Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let verifier = verifier(&key);
        let signer = Signer::new(key);
        let (mut admin, plain) = (claims(), signer.clone().without_typ());
        admin["sub"] = "admin".into();
        let tokens = [signer.sign(&claims()), signer.sign(&admin), plain.sign(&claims())];
        let tokens: Vec<String> = tokens.into_iter().map(Result::unwrap).collect();
        let part = |token: usize, at| tokens[token].split('.').nth(at).unwrap();
        for mixture in 0..27 {
            let (header, payload, signature) = (mixture / 9, mixture / 3 % 3, mixture % 3);
            let mixed = [part(header, 0), part(payload, 1), part(signature, 2)].join(".");
            let own = tokens.contains(&mixed);
            assert_eq!(verifier.verify(&mixed, NOW).is_ok(), own, "{algorithm} {mixture}");
        }
    }
}

/// Every single character, replaced by each of several others.
#[test]
fn no_single_change_is_accepted() {
    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa] {
        let (token, verifier) = token_and_verifier(algorithm);
        for at in 0..token.len() {
            for replacement in [b'A', b'Q', b'_', b'.', b'=', b'\n', 0, 0x80] {
                let mut changed = token.clone().into_bytes();
                if changed[at] != replacement {
                    changed[at] = replacement;
                    assert!(verifier.verify(&changed, NOW).is_err(), "{algorithm} at {at}");
                }
            }
            assert!(verifier.verify(&token[..at], NOW).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_mutation_is_accepted(
        pair in prop::sample::select(&*PAIRS),
        edits in vec((any::<prop::sample::Index>(), 0_usize..4, any::<u8>()), 1..4),
    ) {
        let (token, verifier) = pair;
        let mut changed = token.clone().into_bytes();
        for (index, kind, byte) in edits {
            let at = index.index(changed.len());
            match kind {
                0 => changed[at] = byte,
                1 => changed.insert(at, byte),
                2 => { changed.remove(at); }
                _ => changed.swap(at, 0),
            }
        }
        prop_assume!(changed != token.as_bytes());
        prop_assert!(verifier.verify(&changed, NOW).is_err());
    }

    #[test]
    fn nothing_panics(bytes in vec(any::<u8>(), 0..300)) {
        let verifier = verifier(&hs256());
        let _ = verifier.verify(&bytes, NOW);
        let _ = dangerous::decode_header_unverified(&bytes);
        let _ = dangerous::decode_claims_unverified(&bytes);
        let _ = SigningKey::from_jwk(&bytes, None);
        let _ = SigningKey::from_der(&bytes, Algorithm::Es256);
    }

    /// The scanner accepts what an ordinary parser accepts, but for the names that stand twice.
    #[test]
    fn the_scanner_agrees_with_an_ordinary_parser(
        text in r#"\{("(a|b|\\u0061|sub|é|\\n|\\ud83d\\ude00|\\ud800|\\x)"?: ?(1|-0|01|1\.5|1e3|1e999|"x\\u0041"|"|\[1,[0-9]?\]|\{"q":\{\}\}|null|tru|true),? ?){0,4}\}?"#,
    ) {
        let token = hs256_token(r#"{"alg":"HS256"}"#, &text);
        let ours = dangerous::decode_claims_unverified(&token);
        let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
        match ours {
            Ok(claims) => {
                prop_assert!(theirs.is_ok(), "{text}");
                prop_assert_eq!(claims.raw_json(), &text);
                for (name, value) in theirs.unwrap() {
                    prop_assert_eq!(claims.get::<serde_json::Value>(&name).unwrap(), Some(value));
                }
            }
            Err(error) => {
                let own_rule = error.to_string().contains("duplicate")
                    || error.code().as_str() == "claim_type";
                prop_assert!(theirs.is_err() || own_rule, "{text}: {error}");
            }
        }
    }

    #[test]
    fn any_claims_survive(name in "\\PC{1,12}", text in "\\PC{0,40}", number in any::<i64>()) {
        prop_assume!(!["iss", "sub", "aud", "exp", "nbf", "iat", "jti"].contains(&&*name));
        let key = hs256();
        let mut all = claims();
        all["text"] = text.clone().into();
        all["sub"] = format!("u{text}").into();
        all[&name] = number.into();
        let token = Signer::new(key.clone()).sign(&all).unwrap();
        let verified = verifier(&key).verify(&token, NOW).unwrap();
        prop_assert_eq!(verified.claims().get::<i64>(&name).unwrap(), Some(number));
        let subject = format!("u{text}");
        prop_assert_eq!(verified.claims().sub(), Some(&*subject));
    }

    /// A name that stands twice is found among few and many, short and long, and however written.
    #[test]
    fn a_name_that_stands_twice_is_found(
        names in hash_set("[ab\u{e9}]{1,4}|preferred_[abc]{1,2}|[a-c]{7,9}", 1..60),
        nested in any::<bool>(),
        again in any::<prop::sample::Index>(),
    ) {
        let names: Vec<String> = names.into_iter().collect();
        let repeated = names[again.index(names.len())].clone();
        let escaped: String = repeated.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let accepts = |names: &[String]| {
            let members: Vec<_> = names.iter().map(|name| format!(r#""{name}":{{}}"#)).collect();
            let object = format!("{{{}}}", members.join(","));
            let text = if nested { format!(r#"{{"in":[{object}]}}"#) } else { object };
            dangerous::decode_claims_unverified(hs256_token(r#"{"alg":"HS256"}"#, &text)).is_ok()
        };
        prop_assert!(accepts(&names));
        for spelling in [repeated, escaped] {
            prop_assert!(!accepts(&[&names[..], &[spelling]].concat()));
        }
    }

    /// The scanner looks at blocks of text: a longer text with a fault anywhere in it.
    #[test]
    fn the_scanner_agrees_with_an_ordinary_parser_on_long_texts(
        values in hash_map("[a-z]{1,9}", vec("\\PC{0,20}|[\"\\\\\t]{0,3}", 0..4), 1..20),
        pretty in any::<bool>(),
        fault in proptest::option::of((any::<prop::sample::Index>(), any::<char>())),
    ) {
        let value = serde_json::json!(values);
        let mut text = if pretty { format!("{value:#}") } else { value.to_string() };
        if let Some((index, character)) = fault {
            let mut characters: Vec<char> = text.chars().collect();
            let at = index.index(characters.len());
            characters[at] = character;
            text = characters.into_iter().collect();
        }
        let token = hs256_token(r#"{"alg":"HS256"}"#, &text);
        let ours = dangerous::decode_claims_unverified(&token);
        let theirs = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
        match ours {
            Ok(claims) => {
                for (name, value) in theirs.unwrap() {
                    prop_assert_eq!(claims.get::<serde_json::Value>(&name).unwrap(), Some(value));
                }
            }
            Err(error) => {
                let own_rule = error.to_string().contains("duplicate")
                    || error.code().as_str() == "claim_type";
                prop_assert!(theirs.is_err() || own_rule, "{text}: {error}");
            }
        }
    }
}

/// Where in the text something stands makes no difference.
#[test]
fn strings_are_read_at_every_place() {
    let good = [r#""""#, r#""x""#, r#""\\""#, r#""\"""#, r#""\u00e9""#, "\"\u{7f}\u{e9}\""];
    let bad = ["\"\t\"", "\"\0\"", "\"\u{1f}\"", r#""\x""#, r#"""#, r#""\"#, "\"\n"];
    let claims = |before: usize, value: &str| {
        let text = format!(r#"{{"{}":{value}"#, "n".repeat(before));
        let text = if good.contains(&value) { text + "}" } else { text };
        dangerous::decode_claims_unverified(hs256_token(r#"{"alg":"HS256"}"#, &text))
    };
    for before in 0..200 {
        for value in good {
            let read = claims(before, value).unwrap().get::<String>(&"n".repeat(before)).unwrap();
            assert_eq!(read, serde_json::from_str(value).unwrap(), "{value} behind {before}");
        }
        for value in bad {
            assert!(claims(before, value).is_err(), "{value:?} behind {before}");
        }
    }
}
