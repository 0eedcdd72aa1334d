//! A token: what it says, and what is wrong with it. Nothing of it is verified, and nothing is sent
//! anywhere.

mod claims;
mod form;
mod header;
mod secret;
mod times;

use serde_json::{Map, Value};

use super::{Finding, Rule};

/// Every rule for tokens.
pub(crate) const RULES: &[&Rule] = &[
    &form::NO_TOKEN,
    &header::NOT_SIGNED,
    &secret::GUESSABLE,
    &times::NO_EXPIRY,
    &times::LONG_LIFE,
    &claims::NO_AUDIENCE,
    &claims::NO_ISSUER,
    &claims::INCOMPLETE,
    &claims::PERSONAL,
    &claims::ROLES,
    &header::NO_TYPE,
    &times::NO_DATE,
    &header::DANGEROUS,
    &header::SYMMETRIC,
    &form::TOO_LARGE,
    &form::AMBIGUOUS,
    &times::NOT_NOW,
];

/// A token taken apart.
#[derive(Debug)]
struct Token {
    /// As it was given, without what stands around it.
    text: String,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signature: Vec<u8>,
}

/// What came of looking at a token.
#[derive(Debug)]
pub(crate) struct Checked {
    /// What was found.
    pub(crate) findings: Vec<Finding>,
    /// What it says; nothing when it is none.
    pub(crate) shown: Option<Shown>,
}

/// What a token says. The signature is not among it: with it the token could be used.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) signature_bytes: usize,
}

/// Looks at a token. `now` is in seconds since the epoch.
pub(crate) fn check(text: &str, now: i64) -> Checked {
    let mut findings = Vec::new();
    let Some(token) = form::read(text, &mut findings) else {
        return Checked { findings, shown: None };
    };
    form::check(&token, &mut findings);
    header::check(&token, &mut findings);
    secret::check(&token, &mut findings);
    times::check(&token, now, &mut findings);
    claims::check(&token, &mut findings);
    let signature_bytes = token.signature.len();
    let shown = Shown { header: token.header, claims: token.claims, signature_bytes };
    Checked { findings, shown: Some(shown) }
}

impl Token {
    fn algorithm(&self) -> Option<&str> {
        self.header.get("alg").and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode([7; 64]))
    }

    fn good() -> (Value, Value) {
        let header = json!({"alg": "ES256", "typ": "at+jwt", "kid": "1"});
        let claims = json!({
            "iss": "https://a.example", "aud": "api", "sub": "u1", "jti": "j1", "iat": NOW - 60,
            "exp": NOW + 840, "scope": "read",
        });
        (header, claims)
    }

    fn ids(text: &str) -> Vec<&'static str> {
        check(text, NOW).findings.iter().map(|finding| finding.rule.id).collect()
    }

    fn with(name: &str, value: Value) -> Vec<&'static str> {
        let (header, mut claims) = good();
        claims[name] = value;
        ids(&token(&header, &claims))
    }

    fn without(name: &str) -> Vec<&'static str> {
        let (header, mut claims) = good();
        claims.as_object_mut().unwrap().remove(name);
        ids(&token(&header, &claims))
    }

    fn headed(name: &str, value: Value) -> Vec<&'static str> {
        let (mut header, claims) = good();
        header[name] = value;
        ids(&token(&header, &claims))
    }

    #[test]
    fn nothing_is_found_in_a_good_token() {
        let (header, claims) = good();
        let text = token(&header, &claims);
        let checked = check(&format!(" Bearer {text}\n"), NOW);
        assert!(checked.findings.is_empty(), "{:?}", checked.findings);
        assert_eq!(Value::Object(checked.shown.unwrap().claims), claims);
    }

    #[test]
    fn each_fault_of_the_claims_is_found() {
        assert_eq!(without("exp"), ["T4"]);
        assert_eq!(with("exp", json!(NOW + 90 * 86_400)), ["T5"]);
        assert_eq!(without("aud"), ["T6"]);
        assert_eq!(without("iss"), ["T7"]);
        assert_eq!(without("jti"), ["T8"]);
        assert_eq!(with("email", json!("a@b")), ["T9"]);
        assert_eq!(with("password", json!("x")), ["T9"]);
        assert_eq!(with("user", json!({"phone": "1"})), ["T9"]);
        assert_eq!(with("roles", json!(["admin"])), ["T10"]);
        assert_eq!(with("exp", json!((NOW + 840).to_string())), ["T12"]);
        assert_eq!(with("iat", json!(NOW * 1_000)), ["T12"]);
        assert_eq!(with("exp", json!(NOW - 1)), ["T17"]);
        assert_eq!(with("nbf", json!(NOW + 600)), ["T17"]);
        assert_eq!(with("sub", json!(7)), ["T8"]);
    }

    #[test]
    fn each_fault_of_the_header_is_found() {
        assert_eq!(headed("alg", json!("none")), ["T2"]);
        assert_eq!(headed("alg", json!(7)), ["T2"]);
        assert_eq!(headed("alg", json!("HS256")), ["T14"]);
        assert_eq!(headed("typ", json!("JWT")), ["T11"]);
        assert_eq!(headed("typ", Value::Null), ["T11"]);
        for (name, value) in [
            ("jku", json!("https://evil.example/keys")),
            ("jwk", json!({"kty": "EC"})),
            ("crit", json!(["exp"])),
            ("kid", json!("../../dev/null")),
            ("kid", json!("x' OR '1'='1")),
        ] {
            assert_eq!(headed(name, value), ["T13"], "{name}");
        }
    }

    #[test]
    fn the_secrets_of_the_guides_are_guessed() {
        // HS256 over `{"user_id":1}` with the secrets `your-secret-key` and `my_secret_key`.
        for text in [SIGNED_YOURS, SIGNED_MINE] {
            let found = check(text, NOW).findings;
            let guessed = found.iter().find(|finding| finding.rule.id == "T3").expect(text);
            assert!(guessed.message.contains("HS256"), "{guessed:?}");
        }
    }

    const SIGNED_YOURS: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoxfQ.RTekvj49A01hoZw-4OZ4VzmR0jsMRsgud08Rn8LvGAY";
    const SIGNED_MINE: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoxfQ.R3wmg-KGlGCBwD6CaF7z_3TdKAvN5nDvsSwLF1l9_rA";

    #[test]
    fn what_is_no_token_is_said_to_be_none() {
        let (header, claims) = good();
        let text = token(&header, &claims);
        for (other, part) in [
            (String::new(), "empty"),
            ("not a token".to_owned(), "three parts"),
            (format!("{text}.a.b"), "encrypted"),
            (format!("cs_rt_{}", "A".repeat(66)), "refresh token"),
            (text.replacen('.', "%.", 1), "base64url"),
            ("e30.W10.AA".to_owned(), "no JSON object"),
            ("x".repeat(200_000), "larger"),
        ] {
            let found = check(&other, NOW).findings;
            assert_eq!(found.len(), 1, "{other}");
            assert!(found[0].message.contains(part), "{}", found[0].message);
        }
        let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"at+jwt","typ":"at+jwt"}"#);
        let rest = text.split_once('.').unwrap().1;
        assert_eq!(ids(&format!("{twice}.{rest}")), ["T16"]);
    }
}
