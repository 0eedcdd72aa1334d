//! S15: the token says how it shall be checked.

use super::{
    super::{
        module::Module,
        node::Node,
        tokens::{Decode, Library},
        values::literal,
    },
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S15",
    name: "algorithms-not-fixed",
    title: "the algorithm is not fixed by the verifier",
    severity: Severity::Error,
    why: "Whoever chooses the algorithm chooses the check: `none` is no check at all, and with HS256 a \
          public key becomes the secret that signs.",
    reference: "RFC 8725 2.1, 3.1, 3.2; ASVS 9.1.2",
    mend: "Write the one algorithm of the key as a constant: algorithms=[\"ES256\"].",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for decode in module.decodes() {
        if decode.library == Library::Authlib || decode.checks_nothing() {
            continue;
        }
        match decode.call.argument(2, "algorithms") {
            Some(algorithms) => list(module, algorithms, found),
            None if decode.call.has_splat() => {}
            None => found.add(&RULE, decode.call.node, missing(&decode)),
        }
    }
    for encode in module.encodes() {
        let algorithm = encode.call.argument(2, "algorithm");
        let none =
            algorithm.and_then(literal).is_some_and(|name| name.eq_ignore_ascii_case("none"));
        let absent = algorithm.is_some_and(|value| value.is("none"));
        if encode.library == Library::PyJwt && (none || absent) {
            found.add(&RULE, encode.call.node, "the token is not signed at all");
        }
    }
}

fn missing(decode: &Decode<'_, '_>) -> &'static str {
    if decode.call.name.starts_with("jose.") {
        "`algorithms` is not given: whatever the key allows is taken"
    } else {
        "`algorithms` is not given: PyJWT 2 raises, older versions take any"
    }
}

fn list<'s>(module: &Module<'s>, algorithms: Node<'s>, found: &mut Found<'_>) {
    if from_token(module, algorithms, 3) {
        return found.add(&RULE, algorithms, "the algorithm is read from the token's own header");
    }
    let mut values = vec![algorithms];
    if let Some(name) = algorithms.bare().dotted() {
        values.extend(module.values_of(&name, algorithms));
    }
    let names: Vec<_> = values.into_iter().flat_map(Node::all).filter_map(literal).collect();
    if names.iter().any(|name| name.eq_ignore_ascii_case("none")) {
        found.add(&RULE, algorithms, "`none` is among the algorithms: unsigned tokens are taken");
    } else if names.iter().any(|name| name.starts_with("HS"))
        && names.iter().any(|name| !name.starts_with("HS"))
    {
        let message = "HMAC and public-key algorithms together: a public key passes for the secret";
        found.add(&RULE, algorithms, message);
    }
}

/// Whether a value comes out of the header of a token.
fn from_token<'s>(module: &Module<'s>, node: Node<'s>, steps: u32) -> bool {
    let Some(steps) = steps.checked_sub(1) else { return false };
    let reads = module
        .calls_in(node)
        .any(|call| matches!(call.method(), "get_unverified_header" | "get_unverified_headers"));
    reads
        || node.all().filter(|part| part.is("identifier")).take(8).any(|name| {
            let values: Vec<_> = module.values_of(name.text(), name).take(2).collect();
            values.into_iter().any(|value| from_token(module, value, steps))
        })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn the_verifier_fixes_the_algorithm() {
        broken(
            "S15",
            &[
                "from jose import jwt\njwt.decode(t, k, audience='a', issuer='i')",
                "import jwt\njwt.decode(t, k)",
                "import jwt\njwt.decode(t, k, algorithms=['none', 'HS256'])",
                "import jwt\njwt.decode(t, k, algorithms=['HS256', 'RS256'])",
                "import jwt\ndef f(t):\n    h = jwt.get_unverified_header(t)\n    jwt.decode(t, k, algorithms=[h['alg']])",
                "import jwt\nALL = ['none']\njwt.decode(t, k, algorithms=ALL)",
                "import jwt\njwt.encode(c, None, algorithm='none')",
            ],
        );
        kept(
            "S15",
            &[
                "import jwt\njwt.decode(t, k, algorithms=['ES256', 'EdDSA'])",
                "import jwt\njwt.decode(t, k, ['HS256'])",
                "import jwt\nALGORITHM = 'HS256'\njwt.decode(t, k, algorithms=[ALGORITHM])",
                "import jwt\njwt.decode(t, k, **more)",
                "import jwt\nh = jwt.get_unverified_header(t)\njwt.decode(t, keys[h['kid']], algorithms=['ES256'])",
            ],
        );
    }
}
