//! Names: user names in their one canonical form, roles and scopes, the shape of an e-mail address.

use std::{collections::BTreeSet, fmt};

use precis_profiles::{UsernameCaseMapped, precis_core::profile::PrecisFastInvocation};

use crate::error::{Error, Result};

/// The longest user name in characters.
pub const LONGEST_USERNAME: usize = 64;
const LONGEST_USERNAME_BYTES: usize = 256;
/// What is longer than this is refused before it is looked at.
const LONGEST_INPUT_BYTES: usize = 1_024;
/// The longest role or scope.
pub const LONGEST_TOKEN: usize = 128;
const LONGEST_SCOPE_PARAMETER: usize = 4_096;
/// RFC 5321 4.5.3.1.3, less the angle brackets.
const LONGEST_EMAIL: usize = 254;

const TOKEN_RULE: &str =
    "a role or scope is 1 to 128 printable ASCII characters without space, `\"` and `\\`";

/// What user names may look like.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum UsernamePolicy {
    /// No `@`: a name can never pass for somebody's e-mail address.
    #[default]
    Name,
    /// E-mail addresses too.
    Email,
}

/// Why a name is refused. The text says the rule and repeats nothing of what was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// Nothing was sent.
    #[error("the name is empty")]
    Empty,
    /// Over the bound.
    #[error("the name is too long: at most {LONGEST_USERNAME} characters")]
    TooLong,
    /// White space of any kind.
    #[error("the name contains a space")]
    Space,
    /// A control or formatting character.
    #[error("the name contains a control character")]
    Control,
    /// An `@` under [`UsernamePolicy::Name`].
    #[error("the name contains `@`, which is not allowed here")]
    At,
    /// An `@` under [`UsernamePolicy::Email`], but no e-mail address.
    #[error("the name contains `@` but is not an e-mail address")]
    Email,
    /// Anything else that RFC 8265 3.3 refuses.
    #[error("the name contains characters, or a mix of them, that RFC 8265 does not allow in one")]
    Profile,
}

/// A user name in its canonical form (RFC 8265 3.3, UsernameCaseMapped): two names are the same user
/// exactly when these are equal.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Username(String);

impl Username {
    /// The canonical form of `text`.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse(text: &str, policy: UsernamePolicy) -> std::result::Result<Self, InvalidName> {
        plain_rules(text)?;
        let name = canonical(text)?;
        // Only now: the profile turns the full-width U+FF20 into an `@`.
        if name.contains('@') {
            match policy {
                UsernamePolicy::Name => return Err(InvalidName::At),
                UsernamePolicy::Email if !valid_email(&name) => return Err(InvalidName::Email),
                UsernamePolicy::Email => {}
            }
        }
        Ok(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Username> for String {
    fn from(name: Username) -> Self {
        name.0
    }
}

impl AsRef<str> for Username {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The rules that have a better message than the profile's.
fn plain_rules(text: &str) -> std::result::Result<(), InvalidName> {
    if text.is_empty() {
        Err(InvalidName::Empty)
    } else if text.len() > LONGEST_INPUT_BYTES {
        Err(InvalidName::TooLong)
    } else if text.chars().any(char::is_control) {
        Err(InvalidName::Control)
    } else if text.chars().any(char::is_whitespace) {
        Err(InvalidName::Space)
    } else {
        Ok(())
    }
}

/// RFC 8264 7: the rules are applied until nothing changes any more; what never settles is refused,
/// because it would have two canonical forms.
fn canonical(text: &str) -> std::result::Result<String, InvalidName> {
    let mut name = text.to_owned();
    for _ in 0..4 {
        let next = UsernameCaseMapped::enforce(name.as_str()).map_err(|_| InvalidName::Profile)?;
        if next == name {
            return bounded(name);
        }
        name = next.into_owned();
    }
    Err(InvalidName::Profile)
}

fn bounded(name: String) -> std::result::Result<String, InvalidName> {
    let short = name.len() <= LONGEST_USERNAME_BYTES && name.chars().count() <= LONGEST_USERNAME;
    if short { Ok(name) } else { Err(InvalidName::TooLong) }
}

/// Whether `text` is a scope-token (RFC 6749 3.3) of at most 128 characters.
pub fn valid_scope(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether `text` can be a role: it is written like a scope.
pub fn valid_role(text: &str) -> bool {
    valid_scope(text)
}

/// Checks the scopes that somebody shall have.
///
/// # Errors
/// [`Error::InvalidScope`] when one is none.
pub fn check_scopes<'a>(scopes: impl IntoIterator<Item = &'a String>) -> Result<()> {
    if scopes.into_iter().all(|scope| valid_scope(scope)) {
        Ok(())
    } else {
        Err(Error::InvalidScope { reason: TOKEN_RULE })
    }
}

/// Checks the roles that somebody shall have.
///
/// # Errors
/// [`Error::Invalid`] when one is none.
pub fn check_roles<'a>(roles: impl IntoIterator<Item = &'a String>) -> Result<()> {
    if roles.into_iter().all(|role| valid_role(role)) {
        Ok(())
    } else {
        Err(Error::invalid("roles", TOKEN_RULE))
    }
}

/// The scopes of a `scope` parameter (RFC 6749 3.3). Repeated spaces are tolerated; an empty
/// parameter asks for nothing in particular, like an absent one.
///
/// # Errors
/// [`Error::InvalidScope`] when one of them is none, or beyond 4 KiB of them.
pub fn parse_scopes(parameter: Option<&str>) -> Result<Option<BTreeSet<String>>> {
    let Some(parameter) = parameter else { return Ok(None) };
    if parameter.len() > LONGEST_SCOPE_PARAMETER {
        return Err(Error::InvalidScope { reason: "the parameter is longer than 4,096 bytes" });
    }
    let scopes = parameter.split(' ').filter(|scope| !scope.is_empty());
    let scopes: BTreeSet<String> = scopes.map(str::to_owned).collect();
    check_scopes(&scopes)?;
    Ok(Some(scopes).filter(|scopes| !scopes.is_empty()))
}

/// Whether `text` is shaped like an e-mail address: one `@` with something on both sides, no spaces
/// or control characters, at most 254 bytes. Whether mail arrives there, only mail can tell.
pub fn valid_email(text: &str) -> bool {
    let clean = |character: char| !character.is_control() && !character.is_whitespace();
    let parts = text.split_once('@');
    text.len() <= LONGEST_EMAIL
        && text.chars().all(clean)
        && parts.is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> std::result::Result<String, InvalidName> {
        Username::parse(text, UsernamePolicy::Name).map(String::from)
    }

    #[test]
    fn spellings_of_one_name_are_one_name() {
        for (text, expected) in [
            ("alice", "alice"),
            ("ALICE", "alice"),
            ("Ａｌｉｃｅ", "alice"),
            ("Ame\u{301}lie", "am\u{e9}lie"),
            ("STRASSE", "strasse"),
            ("a.b-c_d+e", "a.b-c_d+e"),
        ] {
            assert_eq!(plain(text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_its_rule() {
        for (text, rule) in [
            ("", InvalidName::Empty),
            ("a b", InvalidName::Space),
            ("a\u{a0}b", InvalidName::Space),
            ("a\u{3000}b", InvalidName::Space),
            ("a\tb", InvalidName::Control),
            ("a\0", InvalidName::Control),
            ("a\u{200b}", InvalidName::Profile),
            ("a\u{202e}b", InvalidName::Profile),
            ("\u{5d0}a", InvalidName::Profile),
            ("\u{265a}", InvalidName::Profile),
            ("a@b", InvalidName::At),
            ("a\u{ff20}b", InvalidName::At),
            (&"a".repeat(65), InvalidName::TooLong),
            (&"a".repeat(1_025), InvalidName::TooLong),
        ] {
            assert_eq!(plain(text), Err(rule), "{text:?}");
        }
        assert!(plain(&"a".repeat(64)).is_ok());
        assert!(plain(&"\u{10450}".repeat(64)).is_ok());
    }

    #[test]
    fn an_address_is_a_name_only_where_the_policy_says_so() {
        let email = |text| Username::parse(text, UsernamePolicy::Email).map(String::from);
        assert_eq!(email("Bob@Example.ORG"), Ok("bob@example.org".to_owned()));
        assert_eq!(email("bob"), Ok("bob".to_owned()));
        assert_eq!(email("bob@"), Err(InvalidName::Email));
        assert_eq!(email("a@b@c"), Err(InvalidName::Email));
    }

    #[test]
    fn scope_tokens_are_those_of_rfc_6749() {
        for good in ["read", "reports:read", "https://x/y", "!", "~", "#[]"] {
            assert!(valid_scope(good), "{good}");
        }
        for bad in ["", "a b", "a\"", "a\\b", "a\u{7f}", "\u{e9}", "a\n", &"a".repeat(129)] {
            assert!(!valid_scope(bad), "{bad:?}");
            assert!(check_roles([&bad.to_owned()]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_scope_parameter_is_a_set() {
        let scopes = parse_scopes(Some("  b a  b ")).unwrap().unwrap();
        assert_eq!(scopes.into_iter().collect::<Vec<_>>(), ["a", "b"]);
        for nothing in [None, Some(""), Some("  ")] {
            assert_eq!(parse_scopes(nothing).unwrap(), None);
        }
        for bad in ["a\tb", "a \"", &"a ".repeat(2_049)] {
            assert!(matches!(parse_scopes(Some(bad)), Err(Error::InvalidScope { .. })), "{bad:?}");
        }
    }

    #[test]
    fn an_email_address_has_two_sides() {
        assert!(valid_email("a@b"));
        for bad in
            ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", &format!("{}@b", "a".repeat(253))]
        {
            assert!(!valid_email(bad), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_canonical_name_is_its_own_canonical_form(text in "\\PC{1,20}") {
            if let Ok(name) = Username::parse(&text, UsernamePolicy::Email) {
                prop_assert_eq!(Username::parse(name.as_str(), UsernamePolicy::Email), Ok(name));
            }
        }
    }
}
