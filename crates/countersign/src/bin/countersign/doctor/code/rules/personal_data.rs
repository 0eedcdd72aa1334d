//! S20: personal data in a token.

use super::{super::module::Module, Found, quoted};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S20",
    name: "personal-data-in-token",
    title: "personal data stands in the token",
    severity: Severity::Warning,
    why: "A token is signed, not encrypted: everybody through whose hands or logs it goes reads it.",
    reference: "RFC 7519 12; RFC 8725 3.10; RFC 9068 5; ASVS 14.1.1, 14.2.6",
    mend: "Put the user's id into `sub`, and look the rest up where it is needed.",
};

/// What says something about a person, and how bad it is.
pub(in crate::doctor) fn severity(name: &str) -> Option<Severity> {
    let name = name.to_ascii_lowercase();
    let secret = [
        "password",
        "passwd",
        "password_hash",
        "hashed_password",
        "secret",
        "api_key",
        "credit_card",
        "card_number",
        "ssn",
        "social_security_number",
        "iban",
        "pin",
    ];
    let personal = [
        "email",
        "e_mail",
        "mail",
        "email_address",
        "phone",
        "phone_number",
        "mobile",
        "address",
        "birthdate",
        "birthday",
        "date_of_birth",
        "dob",
        "full_name",
        "first_name",
        "last_name",
        "given_name",
        "family_name",
        "gender",
        "nationality",
        "ip",
        "ip_address",
    ];
    if secret.contains(&name.as_str()) {
        Some(Severity::Error)
    } else {
        personal.contains(&name.as_str()).then_some(Severity::Warning)
    }
}

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    for encode in module.encodes() {
        let Some(claims) = module.claims(&encode) else { continue };
        for (name, node) in claims.named() {
            if let Some(severity) = severity(name) {
                let message = format!("{} can be read by whoever sees the token", quoted(name));
                found.add_as(severity, &RULE, node, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, findings, kept};
    use crate::doctor::Severity;

    #[test]
    fn a_token_is_no_secret() {
        broken(
            "S20",
            &[
                "import jwt\njwt.encode({'sub': u, 'email': e}, k)",
                "from flask_jwt_extended import create_access_token\n\
                 create_access_token(u, additional_claims={'phone': p})",
            ],
        );
        let found = findings("import jwt\njwt.encode({'password': p, 'exp': 1}, k)");
        let found = found.iter().find(|finding| finding.rule.id == "S20").unwrap();
        assert_eq!(found.severity, Severity::Error);
        kept(
            "S20",
            &["import jwt\njwt.encode({'sub': u, 'scope': 'read'}, k)", "x = {'email': 1}"],
        );
    }
}
