//! S25: a token that does not say whose it is, or for whom.

use super::{
    super::{module::Module, tokens::Library},
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S25",
    name: "claims-missing",
    title: "a token without iss, aud, sub or jti",
    severity: Severity::Warning,
    why: "Without `aud` and `iss` it cannot be refused where it was not meant; without `jti` it cannot \
          be revoked alone; without `sub` every verifier has its own idea of who it is.",
    reference: "RFC 9068 2.2; RFC 8725 3.8, 3.9; ASVS 9.2.4",
    mend: "Give every token iss, aud, sub (the user's id as text), iat, exp and jti (uuid4), and the \
           header typ: at+jwt. Countersign's tokens have them all.",
};

const NEEDED: [&str; 4] = ["iss", "aud", "sub", "jti"];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for encode in module.encodes().filter(|encode| encode.library != Library::FlaskJwtExtended) {
        let Some(claims) = module.claims(&encode) else { continue };
        let missing: Vec<_> = NEEDED.into_iter().filter(|name| claims.lacks(name)).collect();
        if !missing.is_empty() {
            let message = format!("the token has no {}", missing.join(", "));
            found.add(&RULE, encode.call.node, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, kept};

    #[test]
    fn what_is_missing_is_named() {
        let found = findings("import jwt\njwt.encode({'user_id': 1, 'exp': 1, 'iss': i}, k)");
        let found = found.iter().find(|finding| finding.rule.id == "S25").unwrap();
        assert_eq!(found.message, "the token has no aud, sub, jti");
        kept(
            "S25",
            &[
                "import jwt\njwt.encode({'iss': i, 'aud': a, 'sub': s, 'jti': j, 'exp': e}, k)",
                "import jwt\njwt.encode({**registered(), 'exp': e}, k)",
            ],
        );
    }
}
