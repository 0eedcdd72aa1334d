//! S2: a token is taken that was meant for somebody else.

use super::{
    super::{
        module::Module,
        tokens::{Decode, Library},
    },
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S2",
    name: "audience-or-issuer-not-checked",
    title: "a token is taken without asking whom it is for or who made it",
    severity: Severity::Error,
    why: "Any token that the same key signed is taken: another service's, another environment's, one \
          of another kind. A service that gets your users' tokens can use them against you.",
    reference: "RFC 8725 3.8, 3.9, 3.12; RFC 9068 4; ASVS 9.2.3, 9.2.2",
    mend: "Say both: jwt.decode(token, key, algorithms=[\"ES256\"], audience=\"api\", \
           issuer=\"https://auth.example.com\"), and put `aud` and `iss` into every token. With \
           Flask-JWT-Extended set JWT_ENCODE_AUDIENCE, JWT_DECODE_AUDIENCE, JWT_ENCODE_ISSUER and \
           JWT_DECODE_ISSUER.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for decode in module.decodes() {
        let unknown = decode.library == Library::Authlib || decode.call.has_splat();
        if unknown || decode.checks_nothing() {
            continue;
        }
        let missing: Vec<_> =
            ["audience", "issuer"].into_iter().filter(|name| !is_checked(&decode, name)).collect();
        if !missing.is_empty() {
            let missing = missing.join(" and ");
            found.add(&RULE, decode.call.node, format!("decode does not check the {missing}"));
        }
    }
    extension(module, found);
}

fn is_checked(decode: &Decode<'_, '_>, name: &str) -> bool {
    let option = if name == "audience" { "verify_aud" } else { "verify_iss" };
    let given = decode.call.keyword(name).is_some_and(|value| !value.is("none"));
    given && !decode.switches_off(option)
}

/// Flask-JWT-Extended is configured, wherever.
fn extension(module: &Module<'_>, found: &mut Found<'_>) {
    let Some(manager) = module.calls.iter().find(|call| call.is_named("JWTManager")) else {
        return;
    };
    let project = found.project;
    let missing: Vec<_> = ["JWT_DECODE_AUDIENCE", "JWT_DECODE_ISSUER"]
        .into_iter()
        .filter(|setting| !project.knows(setting))
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(" and ");
        found.add(
            &RULE,
            manager.node,
            format!("{missing} not set: any audience or issuer will do"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn both_must_be_asked_for() {
        broken(
            "S2",
            &[
                "import jwt\njwt.decode(t, k, algorithms=['ES256'])",
                "import jwt as j\nj.decode(t, k, algorithms=['ES256'], audience='api')",
                "from jwt import decode\ndecode(t, k, ['ES256'], issuer='i', audience=None)",
                "from jose import jwt\njwt.decode(t, k, audience='a', issuer='i', options={'verify_aud': False})",
                "from countersign import jwt\njwt.decode(t, k, algorithms=['ES256'], issuer='i')",
                "from flask_jwt_extended import JWTManager\nJWTManager(app)",
            ],
        );
        kept(
            "S2",
            &[
                "import jwt\njwt.decode(t, k, algorithms=['ES256'], audience='a', issuer='i')",
                "import jwt\njwt.decode(t, k, **options)",
                "from authlib.jose import jwt\njwt.decode(t, k)",
                "import base64\nbase64.decode(t)",
                "from flask_jwt_extended import JWTManager\nJWTManager(app)\n\
                 app.config['JWT_DECODE_AUDIENCE'] = 'api'\napp.config.update(JWT_DECODE_ISSUER=i)",
            ],
        );
    }
}
