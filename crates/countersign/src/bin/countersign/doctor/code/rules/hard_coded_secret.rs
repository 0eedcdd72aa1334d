//! S1: a secret that stands in the source.

use super::{
    super::{
        module::Module,
        node::Node,
        values::{is_text, literal},
    },
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S1",
    name: "secret-in-source",
    title: "a signing secret stands in the source",
    severity: Severity::Error,
    why: "Whoever reads the repository, an image or a backup signs tokens for any user, and a short \
          secret is guessed from one token without reading anything.",
    reference: "RFC 8725 3.5; RFC 7518 3.2; ASVS 13.3.1, 11.2.3",
    mend: "Read it from the environment or a secret store and stop when it is not set: \
           SECRET_KEY = os.environ[\"SECRET_KEY\"], made by `openssl rand -base64 48`. Better: sign \
           with a key pair (ES256), so that verifying needs no secret at all. The old one is burnt.",
};

/// HS256 (RFC 7518 3.2).
const SHORTEST: usize = 32;

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for assignment in &module.assignments {
        if is_secret_name(&assignment.name) {
            report(module, assignment.value, &assignment.name, found);
        }
    }
    let keyed = module.calls.iter().flat_map(|call| call.arguments());
    for argument in keyed.filter(|argument| argument.is("keyword_argument")) {
        if let (Some(name), Some(value)) = (argument.field("name"), argument.field("value"))
            && is_secret_name(name.text())
        {
            report(module, value, name.text(), found);
        }
    }
    let keys = module.encodes().filter_map(|encode| encode.key);
    let keys: Vec<_> = keys.chain(module.decodes().filter_map(|decode| decode.key)).collect();
    for key in keys {
        // A name that was given a text anywhere is as good as the text.
        if let Some(literal) = module.text_of(key) {
            report_text(literal.node, &literal.text, "the key", found);
        }
    }
}

fn report<'s>(module: &Module<'s>, value: Node<'s>, name: &str, found: &mut Found<'_>) {
    let fallback = module.environment_default(value);
    let chosen = fallback.unwrap_or(value).bare();
    let right = if chosen.is("boolean_operator") { chosen.field("right") } else { None };
    let text = right.unwrap_or(chosen);
    if let (true, Some(secret)) = (is_text(text), literal(text)) {
        let what = if fallback.is_some() || right.is_some() {
            format!("the fallback of {}", quoted(name))
        } else {
            quoted(name)
        };
        report_text(text, &secret, &what, found);
    }
}

fn report_text(node: Node<'_>, secret: &str, what: &str, found: &mut Found<'_>) {
    if secret.is_empty() || is_public(secret) {
        return;
    }
    let bytes = secret.len();
    let short = if bytes < SHORTEST {
        format!(" of {bytes} bytes, where HS256 needs {SHORTEST}")
    } else {
        String::new()
    };
    let kind = if secret.contains("PRIVATE KEY") { "a private key" } else { "a text" };
    found.add(&RULE, node, format!("{what} is {kind} in the source{short}"));
}

/// What everybody may know.
fn is_public(text: &str) -> bool {
    let pem = text.trim_start().starts_with("-----BEGIN");
    pem && !text.contains("PRIVATE")
}

/// Names that secrets have, and not those of what only points to one.
fn is_secret_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let points =
        ["name", "id", "path", "file", "url", "uri", "env", "header", "arn", "ref", "field"];
    let points = last.rsplit('_').next().is_some_and(|end| points.contains(&end));
    let secret = last.contains("secret")
        || ["jwt_key", "signing_key", "private_key", "token_key", "hmac_key", "jwtkey"]
            .iter()
            .any(|part| last.ends_with(part));
    secret && !points
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, findings, kept};

    #[test]
    fn a_text_is_no_secret_wherever_it_stands() {
        broken(
            "S1",
            &[
                "SECRET_KEY = 'your-secret-key'",
                "secret_key: str = \"my_secret_key\"",
                "app.config['JWT_SECRET_KEY'] = 'x' 'y'",
                "app.secret_key = b'dev'",
                "def f(token, secret='dev'): pass",
                "configure(jwt_secret='dev')",
                "import jwt\njwt.encode(c, 'abc', algorithm='HS256')",
                "import jwt\nK = 'abc'\njwt.decode(t, K, algorithms=['HS256'])",
                "import os\nSECRET = os.environ.get('SECRET', 'dev')",
                "import os\nSECRET = os.getenv('SECRET') or 'dev'",
                "class S:\n    private_key = '-----BEGIN PRIVATE KEY-----\\nMIIB'",
            ],
        );
        let long = findings(&format!("SECRET_KEY = '{}'", "x".repeat(32)));
        assert!(!long[0].message.contains("bytes"), "{long:?}");
        let short = findings("SECRET_KEY = 'your-secret-key'");
        assert!(short[0].message.contains("15 bytes") && !short[0].message.contains("your-"));
    }

    #[test]
    fn what_reads_one_or_points_to_one_is_fine() {
        kept(
            "S1",
            &[
                "import os\nSECRET_KEY = os.environ['SECRET_KEY']",
                "import os\nSECRET_KEY = os.environ.get('SECRET_KEY', '')",
                "SECRET_NAME = 'prod/jwt'",
                "secret_file = '/run/secrets/jwt'",
                "SECRET_KEY = f'{part}'",
                "import jwt\njwt.decode(t, '-----BEGIN PUBLIC KEY-----', algorithms=['ES256'], audience='a', issuer='i')",
                "SECRET_KEY = 'x'  # countersign: allow S1 -- a test key",
                "# countersign: allow S2, S1\nSECRET_KEY = 'x'",
            ],
        );
    }
}
