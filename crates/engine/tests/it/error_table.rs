//! `docs/errors.md` is the error table, written out. `UPDATE_DOCS=1` writes it anew.

use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

use countersign_engine::error::code::{Challenge, ErrorCode};

const HEAD: &str = "\
# Errors

Every failure has one shape, whatever the route:

```json
{\"error\": \"weak_password\", \"error_description\": \"what to do about it\", \"field\": \"password\"}
```

`error` is one of the codes below and does not change; `error_description` is for people and may; `field` names the
member at fault where one is. With `Retry-After` (429 and 503) it is worth trying again after so many seconds. Errors are
never cached (`Cache-Control: no-store`). A Bearer challenge without `error` means that no token was presented
(RFC 6750 3). The table is made from the code (`crates/guard/src/error/code.rs`, `crates/engine/src/error/code.rs`).

| code | status | `WWW-Authenticate` | what callers are told |
|---|---|---|---|
";

fn challenge(code: ErrorCode) -> &'static str {
    match code.challenge() {
        Challenge::BearerRealm => "`Bearer realm`",
        Challenge::BearerError => "`Bearer realm, error`",
        Challenge::Basic => "`Basic realm`",
        _ => "",
    }
}

fn table() -> String {
    let mut text = HEAD.to_owned();
    for code in ErrorCode::all() {
        let (name, status) = (code.as_str(), code.http_status());
        let (challenge, message) = (challenge(code), code.public_message());
        writeln!(text, "| `{name}` | {status} | {challenge} | {message} |").unwrap();
    }
    text
}

#[test]
fn the_page_says_what_the_code_does() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&page, table()).unwrap();
    }
    let written = fs::read_to_string(&page).unwrap_or_default();
    assert_eq!(written, table(), "run it with UPDATE_DOCS=1 and commit docs/errors.md");
}

#[test]
fn every_code_stands_once_and_every_401_has_a_challenge() {
    let mut seen = BTreeSet::new();
    for code in ErrorCode::all() {
        assert!(seen.insert(code.as_str()), "{code:?} stands twice");
        assert_ne!(code.http_status(), 422, "{code:?}");
        let challenged = code.challenge() != Challenge::None;
        assert!(!challenged || [401, 403].contains(&code.http_status()), "{code:?}");
        assert!(code.http_status() != 401 || challenged, "{code:?} is a 401 without a challenge");
    }
}

/// RFC 6749 5.2: error_description has none of the characters that must not be in it.
#[test]
fn t18_public_texts_keep_to_the_characters_of_rfc_6749() {
    for code in ErrorCode::all() {
        let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(code.public_message().bytes().all(allowed), "{code:?}");
    }
}
