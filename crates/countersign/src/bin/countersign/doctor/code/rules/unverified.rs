//! S14: a token that is read and not checked.

use super::{super::module::Module, Found, quoted};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S14",
    name: "token-not-verified",
    title: "a token is taken without checking it",
    severity: Severity::Error,
    why: "Anybody can write such a token: whatever it says about who somebody is, is what the caller \
          wants it to say.",
    reference: "RFC 8725 3.3; RFC 7519 7.2; ASVS 9.1.1, 9.2.1",
    mend: "Leave the checks on. To look into a token for a key id use jwt.get_unverified_header and \
           decide nothing by it.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for decode in module.decodes() {
        if decode.checks_nothing() {
            found.add(&RULE, decode.call.node, "the signature is not verified");
            continue;
        }
        for option in ["verify_exp", "verify_nbf"] {
            if decode.switches_off(option) {
                let message = format!("{} is off: expired tokens are taken", quoted(option));
                found.add(&RULE, decode.call.node, message);
            }
        }
    }
    for call in &module.calls {
        let reads =
            ["get_unverified_claims", "decode_complete_unverified"].contains(&call.method());
        if reads && module.is_about_tokens() {
            found.add(&RULE, call.node, "these claims are anybody's");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn checks_stay_on() {
        broken(
            "S14",
            &[
                "import jwt\njwt.decode(t, options={'verify_signature': False})",
                "import jwt\njwt.decode(t, verify=False)",
                "import jwt\njwt.decode(t, k, algorithms=['ES256'], options={'verify_exp': False})",
                "from jose import jwt\njwt.get_unverified_claims(t)",
            ],
        );
        kept(
            "S14",
            &[
                "import jwt\njwt.get_unverified_header(t)",
                "import jwt\njwt.decode(t, k, algorithms=['ES256'], options={'verify_signature': True})",
            ],
        );
    }
}
