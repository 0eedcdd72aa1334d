//! D4, D11, D16, D20: what others can see or do who come over the network.

use super::Subject;
use crate::doctor::{Finding, Rule, Severity};

pub(super) const PLAIN_HTTP: Rule = Rule {
    id: "D4",
    name: "plain-http",
    title: "passwords and tokens travel in clear",
    severity: Severity::Error,
    why: "Whoever is on the way reads passwords and takes tokens.",
    reference: "RFC 6749 1.6; RFC 6750 5.3; ASVS 12.2.1, 12.3.3",
    mend: "Give server.tls_cert and server.tls_key, or listen on 127.0.0.1 behind a proxy that does TLS \
           and name it in http.trusted_proxies.",
};

pub(super) const REGISTRATION: Rule = Rule {
    id: "D11",
    name: "registration-open",
    title: "anybody may register",
    severity: Severity::Note,
    why: "Strangers and machines make accounts. They get no roles and no scopes, but fill the database, \
          take names, and learn which names are taken.",
    reference: "ASVS 2.4.1, 6.3.8",
    mend: "Set accounts.registration = false if accounts are made by administrators; otherwise keep \
           limits.register_address, and count on strangers.",
};

pub(super) const LOGS: Rule = Rule {
    id: "D16",
    name: "log-level-talkative",
    title: "logs say more than production needs",
    severity: Severity::Warning,
    why: "Below info, logs tell of every step of every request: whom it concerned, from where. They are \
          read by more people than the database, and kept longer. Tokens and passwords are never in \
          them.",
    reference: "ASVS 13.4.2, 16.2.5",
    mend: "Set log.level = \"info\".",
};

pub(super) const BROWSERS: Rule = Rule {
    id: "D20",
    name: "browser-protection",
    title: "browsers are protected less than they could be",
    severity: Severity::Note,
    why: "Without HSTS the first request can be turned to plain HTTP; an origin over plain HTTP can be \
          played by whoever is on the way.",
    reference: "RFC 6797 7.2; ASVS 3.4.1, 3.4.2",
    mend: "Set http.hsts = true where TLS always stands before this service; name only https origins in \
           http.cors_origins.",
};

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    let Ok(config) = &subject.config else { return };
    let behind_proxy = !config.http.trusted_proxies.is_empty();
    let tls = config.server.tls.is_some();
    if subject.listens_outside() && !tls {
        let listen = config.server.listen;
        let (severity, message) = if behind_proxy {
            let message = format!(
                "{listen} takes plain HTTP from the proxy, and from whoever else reaches that port"
            );
            (Severity::Warning, message)
        } else {
            (Severity::Error, format!("plain HTTP is served on {listen}"))
        };
        let finding = Finding::new(&PLAIN_HTTP, message).at(subject.place("listen"));
        findings.push(finding.with_severity(severity));
    }
    if subject.is_public() && config.engine.accounts.registration && has_group(subject, "register")
    {
        let message = "POST /register is open to everybody";
        findings
            .push(Finding::new(&REGISTRATION, message).at(subject.place("accounts.registration")));
    }
    logs(subject, findings);
    browsers(subject, tls || behind_proxy, findings);
}

fn has_group(subject: &Subject, group: &str) -> bool {
    subject.value("http.routes").split(", ").any(|known| known == group)
}

fn logs(subject: &Subject, findings: &mut Vec<Finding>) {
    let level = subject.value("log.level");
    let talkative =
        level.split(',').map(|directive| directive.rsplit('=').next().unwrap_or_default());
    let mut talkative = talkative.map(|level| level.trim().to_ascii_lowercase());
    if subject.is_public() && talkative.any(|level| level == "debug" || level == "trace") {
        let message = format!("log.level is {level}");
        findings.push(Finding::new(&LOGS, message).at(subject.place("log.level")));
    }
}

fn browsers(subject: &Subject, over_tls: bool, findings: &mut Vec<Finding>) {
    let Ok(config) = &subject.config else { return };
    if subject.is_public() && over_tls && !config.http.hsts {
        let message = "answers carry no Strict-Transport-Security";
        findings.push(Finding::new(&BROWSERS, message).at(subject.place("http.hsts")));
    }
    let plain = |origin: &&String| {
        origin
            .strip_prefix("http://")
            .is_some_and(|rest| !countersign::engine::config::is_loopback(rest))
    };
    if let Some(origin) = config.http.cors_origins.iter().find(plain) {
        let message = format!("{origin} may call, over plain HTTP");
        let finding = Finding::new(&BROWSERS, message).at(subject.place("http.cors_origins"));
        findings.push(finding.with_severity(Severity::Warning));
    }
}
