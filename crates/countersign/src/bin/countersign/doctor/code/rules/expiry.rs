//! S9: a token that is good for ever.

use super::{
    super::{module::Module, tokens::Library},
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S9",
    name: "token-without-expiry",
    title: "a token that never expires",
    severity: Severity::Error,
    why: "Whoever gets hold of it once is that user for ever; and a handler for expired tokens never \
          runs.",
    reference: "RFC 9068 2.2; RFC 9700 4.10; ASVS 9.2.1",
    mend: "Give it a short life: \"exp\": datetime.now(timezone.utc) + timedelta(minutes=15), and refresh \
           it with a rotating refresh token. Require it when decoding: options={\"require\": [\"exp\"]}.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for encode in module.encodes() {
        if encode.library == Library::FlaskJwtExtended {
            if encode.call.keyword("expires_delta").is_some_and(|delta| delta.is("false")) {
                found.add(&RULE, encode.call.node, "expires_delta=False: it never expires");
            }
            continue;
        }
        let Some(claims) = module.claims(&encode) else { continue };
        if claims.lacks("exp") {
            found.add(&RULE, encode.call.node, "there is no `exp` among its claims");
        }
    }
    for setting in ["JWT_ACCESS_TOKEN_EXPIRES", "JWT_REFRESH_TOKEN_EXPIRES"] {
        for given in module.assignments_named(setting).filter(|given| given.value.is("false")) {
            found.add(&RULE, given.target, format!("{setting} = False: tokens never expire"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn every_token_ends() {
        broken(
            "S9",
            &[
                "import jwt\njwt.encode({'user_id': 1}, k, algorithm='HS256')",
                "import jwt\ndef f(u):\n    payload = dict(sub=u)\n    payload['iat'] = 1\n    return jwt.encode(payload, k)",
                "import jwt\ndef make(data):\n    return jwt.encode(data.copy(), k)\nmake({'sub': 'a'})",
                "from flask_jwt_extended import create_access_token\ncreate_access_token(u, expires_delta=False)",
                "app.config['JWT_ACCESS_TOKEN_EXPIRES'] = False",
            ],
        );
        kept(
            "S9",
            &[
                "import jwt\njwt.encode({'sub': u, 'exp': t}, k)",
                "import jwt\ndef f(data):\n    c = data.copy()\n    c.update({'exp': t})\n    return jwt.encode(c, k)\nf({'sub': 'a'})",
                "import jwt\ndef f(data):\n    c = data.copy()\n    c['exp'] = t\n    return jwt.encode(c, k)\nf({'sub': 'a'})",
                "import jwt\ndef claims(u): return {'sub': u, **times()}\ndef times(): return {'exp': 1}\njwt.encode(claims(u), k)",
                "import jwt\ndef f(data): return jwt.encode(data, k)",
                "import jwt\njwt.encode({**base, 'sub': u}, k)",
                "import jwt\njwt.encode(model.dict(), k)",
                "from authlib.jose import jwt\njwt.encode({'alg': 'ES256'}, {'exp': 1}, k)",
                "from flask_jwt_extended import create_access_token\ncreate_access_token(u)",
            ],
        );
    }
}
