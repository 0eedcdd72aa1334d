//! S13: rights that cannot be taken away before the token ends.

use super::{super::module::Module, Found, quoted};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S13",
    name: "roles-frozen-in-token",
    title: "roles stand in the token, and nothing can take them away",
    severity: Severity::Warning,
    why: "Whoever loses a role keeps it until the token expires; a dismissed administrator is one for \
          that long.",
    reference: "ASVS 8.3.2; RFC 9700 2.3",
    mend: "Keep tokens short (minutes) and look rights up, or put a generation of the user into the \
           token, raise it when rights are taken away, and refuse older ones. Countersign does the \
           second (`gen`).",
};

const ROLES: [&str; 10] = [
    "role",
    "roles",
    "is_admin",
    "admin",
    "permissions",
    "permission",
    "groups",
    "privileges",
    "is_superuser",
    "is_staff",
];
/// With one of these, tokens of before can be refused.
const GENERATIONS: [&str; 6] =
    ["gen", "generation", "token_version", "ver", "session_version", "security_stamp"];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for encode in module.encodes() {
        let Some(claims) = module.claims(&encode) else { continue };
        if GENERATIONS.iter().any(|name| claims.has(name)) {
            continue;
        }
        for (name, node) in claims.named().filter(|(name, _)| ROLES.contains(name)) {
            found.add(&RULE, node, format!("{} is frozen until the token expires", quoted(name)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn rights_can_be_taken_away() {
        broken(
            "S13",
            &[
                "import jwt\njwt.encode({'sub': u, 'roles': r}, k)",
                "from flask_jwt_extended import create_access_token\n\
                 create_access_token(u, additional_claims={'role': 'admin'})",
                "import jwt\ndef f(data): return jwt.encode(data.copy(), k)\nf(data={'is_admin': True})",
            ],
        );
        kept(
            "S13",
            &[
                "import jwt\njwt.encode({'roles': r, 'gen': g}, k)",
                "import jwt\njwt.encode({'sub': u}, k)",
            ],
        );
    }
}
