//! S5: a token is decoded as if it were bytes.

use super::{super::module::Module, Found};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S5",
    name: "token-decoded-as-bytes",
    title: "`.decode()` on a token, which is text already",
    severity: Severity::Error,
    why: "Since PyJWT 2 `encode` answers text, which has no `decode`: every log-in ends in an \
          AttributeError and a 500.",
    reference: "PyJWT 2.0.0 changelog",
    mend: "Leave `.decode(...)` away.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for call in module.calls.iter().filter(|call| call.method() == "decode") {
        if call.object().is_some_and(|object| module.is_token(object)) {
            found.add(&RULE, call.node, "the token is text: this raises AttributeError");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn text_has_no_decode() {
        broken(
            "S5",
            &[
                "import jwt\nprint(jwt.encode(c, k).decode('utf-8'))",
                "import jwt\ndef f():\n    token = jwt.encode(c, k)\n    return token.decode()",
                "import jwt\ndef make():\n    return jwt.encode(c, k)\n\
                 def f():\n    token = make()\n    return token.decode('utf-8')",
            ],
        );
        kept(
            "S5",
            &[
                "import jwt\ntoken = request.data\ntoken.decode('utf-8')",
                "from authlib.jose import jwt\njwt.encode(h, c, k).decode()",
                "import jwt\njwt.decode(t, k)",
            ],
        );
    }
}
