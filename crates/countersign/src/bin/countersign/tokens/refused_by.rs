//! Which rule refuses a token, and what to do: one row a code.

use countersign_jose::ErrorCode;

/// A rule: where it stands, and what mends a token that breaks it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefusedBy {
    pub(super) reference: &'static str,
    pub(super) mend: &'static str,
}

/// The rule behind a code.
pub(super) const fn rule(code: ErrorCode) -> RefusedBy {
    let (reference, mend) = match code {
        ErrorCode::TokenTooLarge => ("RFC 6750 2.1", "Carry ids, not data: look the rest up."),
        ErrorCode::MalformedToken => {
            ("RFC 7515 7.1", "Give the token alone, as it stands behind `Authorization: Bearer`.")
        }
        ErrorCode::MalformedBase64 => (
            "RFC 7515 2",
            "Look whether it was cut, or changed on its way; base64url has no padding.",
        ),
        ErrorCode::MalformedHeader => {
            ("RFC 7515 4; RFC 8725 2.4", "Issue tokens with a library that writes strict JSON.")
        }
        ErrorCode::MalformedClaims => (
            "RFC 7519 4, 7.2; RFC 8725 2.4",
            "Issue tokens with a library that writes strict JSON.",
        ),
        ErrorCode::HeaderInvalid => ("RFC 7515 4.1", "Leave the parameter out, or mend its value."),
        ErrorCode::AlgNotAllowed => (
            "RFC 8725 3.1, 3.2",
            "Sign with an algorithm that is allowed; allow another only for a key that is for it.",
        ),
        ErrorCode::CritUnsupported => ("RFC 7515 4.1.11", "Leave `crit` out."),
        ErrorCode::TypMismatch => (
            "RFC 8725 3.11; RFC 9068 4",
            "Present the kind of token that is asked for, or issue it with that `typ`.",
        ),
        ErrorCode::KeyNotFound => (
            "RFC 7515 4.1.4; RFC 8725 3.8",
            "Give the issuer's present keys: they may have been rotated since.",
        ),
        ErrorCode::KeyInvalid => ("RFC 8725 3.5", "Give another key."),
        ErrorCode::SignatureInvalid => (
            "RFC 7515 5.2; RFC 8725 3.3",
            "It was changed, or another key signed it: believe nothing that it says.",
        ),
        ErrorCode::ClaimType => {
            ("RFC 7519 2, 4.1", "Write times as numbers of seconds, and sub, iss and jti as texts.")
        }
        ErrorCode::MissingClaim => ("RFC 7519 4.1; RFC 9068 2.2", "Issue tokens with that claim."),
        ErrorCode::TokenExpired => (
            "RFC 7519 4.1.4",
            "Get another by refreshing or logging in; check the clocks if it should be good.",
        ),
        ErrorCode::TokenNotYetValid => {
            ("RFC 7519 4.1.5", "Wait, or check the clocks of the issuer and of this machine.")
        }
        ErrorCode::TokenIssuedInFuture => {
            ("RFC 7519 4.1.6", "Check the clocks of the issuer and of this machine.")
        }
        ErrorCode::IssMismatch => (
            "RFC 7519 4.1.1; RFC 8725 3.8",
            "Present a token of the expected issuer; the two are compared character by character.",
        ),
        ErrorCode::AudMismatch => {
            ("RFC 7519 4.1.3; RFC 8725 3.9", "Ask the issuer for a token for this service.")
        }
        _ => ("RFC 7519 7.2", "Get another token."),
    };
    RefusedBy { reference, mend }
}
