//! S21: secrets compared like words.

use super::{
    super::{module::Module, node::Node, values::is_text},
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S21",
    name: "secret-compared-plainly",
    title: "a secret is compared with ==",
    severity: Severity::Warning,
    why: "A password that can be compared is stored in clear, and a token that is compared with == \
          tells by its time how far a guess is right.",
    reference: "ASVS 11.4.2, 11.2.4; RFC 9700 4.14.2",
    mend: "Passwords: store Argon2id hashes and verify them. Tokens: compare hashes of them, or use \
           hmac.compare_digest.",
};

const PASSWORDS: [&str; 3] = ["password", "passwd", "pwd"];
const TOKENS: [&str; 9] = [
    "token",
    "refresh_token",
    "access_token",
    "stored_token",
    "api_key",
    "signature",
    "csrf_token",
    "session_token",
    "reset_token",
];

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    if !found.project.is_web {
        return;
    }
    let comparisons = module.syntax.nodes().filter(|node| node.is("comparison_operator"));
    for comparison in comparisons {
        let plain = comparison.fields("operators").all(|sign| matches!(sign.text(), "==" | "!="));
        if !plain || comparison.within("assert_statement").is_some() {
            continue;
        }
        let sides: Vec<_> = comparison
            .children()
            .filter(|side| !matches!(side.text(), "==" | "!=" | "") && !side.is("comment"))
            .collect();
        if let [left, right] = sides.as_slice() {
            report(comparison, *left, *right, found);
        }
    }
}

fn report(comparison: Node<'_>, left: Node<'_>, right: Node<'_>, found: &mut Found<'_>) {
    let nothing = |node: Node<'_>| {
        let empty =
            is_text(node) && super::super::values::literal(node).is_none_or(|text| text.is_empty());
        empty || matches!(node.bare().kind(), "none" | "true" | "false" | "integer")
    };
    if nothing(left) || nothing(right) {
        return;
    }
    let names = [name_of(left), name_of(right)];
    let named = |all: &[&str]| {
        names
            .iter()
            .flatten()
            .find(|name| all.contains(&name.to_ascii_lowercase().as_str()))
            .cloned()
    };
    let literal = is_text(left) || is_text(right);
    if let Some(name) = named(&PASSWORDS) {
        // `password == password2` asks whether somebody typed the same twice.
        let repeated = names
            .iter()
            .flatten()
            .filter(|name| name.to_ascii_lowercase().contains("pass"))
            .count()
            > 1
            && names.iter().flatten().any(|name| {
                let name = name.to_ascii_lowercase();
                ["confirm", "repeat", "again", "2", "new"].iter().any(|part| name.contains(part))
            });
        if !repeated {
            let what = if literal {
                "a password that stands in the source"
            } else {
                "a password in clear"
            };
            found.add_as(
                Severity::Error,
                &RULE,
                comparison,
                format!("{} is compared with {what}", quoted(&name)),
            );
        }
    } else if let Some(name) = named(&TOKENS)
        && !literal
    {
        found.add(&RULE, comparison, format!("{} is compared with ==", quoted(&name)));
    }
}

/// The name of a value: `b` of `a.b`, of `a["b"]` and of `a.get("b")`.
fn name_of(node: Node<'_>) -> Option<String> {
    let node = node.bare();
    match node.kind() {
        "identifier" => Some(node.text().to_owned()),
        "attribute" => node.field("attribute").map(|name| name.text().to_owned()),
        "subscript" => node.field("subscript").and_then(super::super::values::literal),
        "call" => {
            let first = node.field("arguments")?.children().next()?;
            super::super::values::literal(first)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn secrets_are_not_words() {
        for text in [
            "if stored == token: pass",
            "ok = self.tokens.get(user) == refresh_token",
            "if form.password != user.password: pass",
            "if data['password'] == 'hunter2': pass",
            "if request.json.get('password') == users[name]: pass",
        ] {
            broken("S21", &[&format!("import fastapi\n{text}")]);
            kept("S21", &[text]);
        }
        for text in [
            "if token == '': pass",
            "if token is None: pass",
            "if token_type == 'access': pass",
            "if password == password_confirm: pass",
            "if kind == 'password': pass",
            "assert token == other",
            "if token.kind == other: pass",
        ] {
            kept("S21", &[&format!("import fastapi\n{text}")]);
        }
    }
}
