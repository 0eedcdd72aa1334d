//! D12: whose word about the client's address counts.

use std::net::IpAddr;

use super::Subject;
use crate::doctor::{Finding, Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "D12",
    name: "trusted-proxies",
    title: "the wrong peers are trusted about addresses, or none is",
    severity: Severity::Warning,
    why: "Behind a proxy that is not named every request seems to come from it: all users share one \
          budget, and the log shows one address. With too many named, anybody writes X-Forwarded-For and \
          has a new address for each guess.",
    reference: "RFC 7239 8.1; ASVS 4.1.3, 15.3.4",
    mend: "Set http.trusted_proxies to the addresses of your proxies and to nothing else, and let nobody \
           but them reach the port.",
};

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    let Ok(config) = &subject.config else { return };
    let proxies = subject.value("http.trusted_proxies");
    let public = subject.value("issuer").starts_with("https://") && subject.is_public();
    let place = subject.place("http.trusted_proxies");
    if proxies.is_empty() {
        if public && config.server.tls.is_none() && !subject.listens_outside() {
            let message = format!(
                "the issuer is public, {} is not: a proxy stands between, and none is named",
                config.server.listen
            );
            findings.push(Finding::new(&RULE, message));
        }
        return;
    }
    for proxy in proxies.split(", ") {
        if let Some((severity, problem)) = judge(proxy) {
            let message = format!("{proxy} {problem}");
            findings.push(Finding::new(&RULE, message).at(place.clone()).with_severity(severity));
        }
    }
}

fn judge(proxy: &str) -> Option<(Severity, &'static str)> {
    let (address, prefix) = match proxy.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse().ok()?),
        None => (proxy, 128),
    };
    let address: IpAddr = address.parse().ok()?;
    let (private, wide, huge) = match address.to_canonical() {
        IpAddr::V4(address) => {
            let private = address.is_private() || address.is_loopback() || address.is_link_local();
            (private, prefix < 24, prefix < 8)
        }
        IpAddr::V6(address) => {
            let private = address.is_unique_local()
                || address.is_loopback()
                || address.is_unicast_link_local();
            (private, prefix < 64, prefix < 16)
        }
    };
    if prefix == 0 {
        Some((Severity::Error, "is everybody"))
    } else if huge {
        Some((Severity::Error, "is a large part of the whole network"))
    } else if wide && !private {
        Some((Severity::Warning, "is a wide public network"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_wide_is_named() {
        for (proxy, expected) in [
            ("0.0.0.0/0", Some(Severity::Error)),
            ("::/0", Some(Severity::Error)),
            ("104.0.0.0/7", Some(Severity::Error)),
            ("104.16.0.0/13", Some(Severity::Warning)),
            ("2606:4700::/32", Some(Severity::Warning)),
            ("10.0.0.0/8", None),
            ("192.0.2.7", None),
            ("203.0.113.0/28", None),
            ("fd00::/8", Some(Severity::Error)),
            ("fd12:3456::/32", None),
        ] {
            assert_eq!(judge(proxy).map(|(severity, _)| severity), expected, "{proxy}");
        }
    }
}
