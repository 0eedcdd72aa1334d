//! Which passwords may be set: long enough, not too long, not a common one, not the user's name.
//!
//! There are no composition rules (NIST SP 800-63B 3.1.1.2, OWASP ASVS 5 6.2). "Common" means that
//! zxcvbn finds it within the first [`COMMON_GUESSES`] guesses of an attacker who tries dictionaries,
//! names, dates, keyboard rows and repetitions first: the whole of a common-password list, many times
//! the 3,000 entries that ASVS 6.2.4 asks for.

use zxcvbn::zxcvbn;

/// The fewest characters (Unicode scalar values).
pub const MIN_PASSWORD_CHARACTERS: usize = 8;

/// The most bytes. Longer ones are refused, never cut.
pub const MAX_PASSWORD_BYTES: usize = 1_024;

/// A password that is found within so many guesses is common.
const COMMON_GUESSES: u64 = 30_000;

/// zxcvbn looks at stretches of so many characters, and a password is as strong as its strongest
/// stretch. Not more at once: its work grows with the square of the length, and its counts of
/// permutations and keyboard turns overflow beyond 20.
const STRETCH: usize = 20;
/// So many stretches are looked at; what is common up to there stays common.
const STRETCHES: usize = 5;
/// What may stand for a letter in zxcvbn's eyes, digits aside, and how many different ones it gets to
/// see: it tries all combinations. Nobody writes a dictionary word with five of them.
const SUBSTITUTES: &str = "@([{<!|$+%";
const MOST_SUBSTITUTES: usize = 4;

/// Why a password is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakPassword {
    /// Under the bound.
    #[error("The password needs at least {MIN_PASSWORD_CHARACTERS} characters.")]
    TooShort,
    /// Over the bound.
    #[error("The password may have at most {MAX_PASSWORD_BYTES} bytes.")]
    TooLong,
    /// Among the first that an attacker tries.
    #[error("The password is easy to guess. Try a few unrelated words, or a longer one.")]
    Common,
    /// The user name and nothing else.
    #[error("The password must not be the user name.")]
    LikeUsername,
}

/// Checks a password that shall be set for the user of this name.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_password_policy(password: &str, username: Option<&str>) -> Result<(), WeakPassword> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(WeakPassword::TooLong);
    }
    if password.chars().count() < MIN_PASSWORD_CHARACTERS {
        return Err(WeakPassword::TooShort);
    }
    let names = names(username);
    if names.iter().any(|name| is_only(password, name)) {
        return Err(WeakPassword::LikeUsername);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let characters: Vec<char> = password.chars().collect();
    let mut stretches = without_repetition(&characters).chunks(STRETCH).take(STRETCHES);
    let strong = stretches
        .any(|stretch| zxcvbn(&with_few_substitutes(stretch), &names).guesses() >= COMMON_GUESSES);
    if strong { Ok(()) } else { Err(WeakPassword::Common) }
}

/// What repeats one thing over and over is cut to twice that thing: a stretch that begins in the
/// middle of it would look like something new.
fn without_repetition(characters: &[char]) -> &[char] {
    let repeats = |period: &usize| {
        characters.iter().skip(*period).eq(characters.iter().take(characters.len() - period))
    };
    match (1..=characters.len() / 2).find(repeats) {
        Some(period) => characters.get(..2 * period).unwrap_or(characters),
        None => characters,
    }
}

fn with_few_substitutes(stretch: &[char]) -> String {
    let mut seen = String::new();
    let keep = |&character: &char| {
        let counts = SUBSTITUTES.contains(character) && !seen.contains(character);
        if counts && seen.len() >= MOST_SUBSTITUTES {
            return '\u{b7}';
        }
        if counts {
            seen.push(character);
        }
        character
    };
    stretch.iter().map(keep).collect()
}

/// The user name, and an address's part before the `@`.
fn names(username: Option<&str>) -> Vec<String> {
    let name = username.unwrap_or_default().to_lowercase();
    let local = name.split_once('@').map(|(local, _)| local.to_owned());
    [Some(name), local].into_iter().flatten().filter(|name| !name.is_empty()).collect()
}

/// Whether `password` is `name` in any case, once or several times, with nothing else but
/// punctuation and spaces between.
fn is_only(password: &str, name: &str) -> bool {
    let password = password.to_lowercase();
    password.contains(name) && !password.replace(name, "").chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(password: &str) -> Result<(), WeakPassword> {
        check_password_policy(password, Some("adele.vance"))
    }

    #[test]
    fn lengths_are_characters_below_and_bytes_above() {
        assert_eq!(check("x7#kQ2v"), Err(WeakPassword::TooShort));
        assert_eq!(check("żółćłąęś"), Ok(()));
        assert_eq!(check("żółćłąę"), Err(WeakPassword::TooShort));
        assert_eq!(check(&"8fKz!".repeat(205)), Err(WeakPassword::TooLong));
        assert_eq!(check(""), Err(WeakPassword::TooShort));
    }

    #[test]
    fn common_passwords_are_refused() {
        for common in [
            "password",
            "password1",
            "P@ssw0rd",
            "12345678",
            "qwertyuiop",
            "iloveyou",
            "aaaaaaaaaaaa",
            "abcdefgh",
            "football1",
            "letmein123",
            "19841984",
            "Passw0rd!",
            "adele.vance1",
        ] {
            assert_eq!(check(common), Err(WeakPassword::Common), "{common}");
        }
    }

    #[test]
    fn others_are_taken_whatever_they_are_made_of() {
        for good in [
            "correct horse battery staple",
            "wrong-horse-battery",
            "tr0ub4dor&3x",
            "kitten umbrella",
            "зимний вечер",
            "jX4v9qTz",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn the_user_name_is_no_password() {
        for like in ["adele.vance", "ADELE.VANCE", "adele.vance adele.vance", "-adele.vance!"] {
            assert_eq!(check(like), Err(WeakPassword::LikeUsername), "{like}");
        }
        let address = Some("adele.vance@example.org");
        assert_eq!(check_password_policy("Adele.Vance", address), Err(WeakPassword::LikeUsername));
        assert!(check_password_policy("jX4v9qTz", None).is_ok());
        assert!(check_password_policy("jX4v9qTz", Some("j")).is_ok());
    }

    #[test]
    fn a_long_password_is_as_strong_as_its_strongest_stretch() {
        assert_eq!(check(&"password".repeat(100)), Err(WeakPassword::Common));
        assert_eq!(check(&"a".repeat(1_024)), Err(WeakPassword::Common));
        assert_eq!(check(&format!("{}jX4v9qTz", "a".repeat(20))), Ok(()));
        let stretch: Vec<char> = "a@!|$({@a".chars().collect();
        assert_eq!(with_few_substitutes(&stretch), "a@!|$\u{b7}\u{b7}@a");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        /// Overflows panic in a test build; keyboard walks, repetitions and single-letter names are
        /// where zxcvbn has them.
        #[test]
        fn any_password_is_answered(
            password in "\\PC{0,40}|[a@1!|$0-9qwertyuiop]{8,60}|[0-9+*/.-]{20,30}|(qaz|wsx|edc|789|456|741){8,20}",
            name in "\\PC{0,10}|[a-z0-9]",
        ) {
            let _ = check_password_policy(&password, Some(&name));
        }
    }
}
