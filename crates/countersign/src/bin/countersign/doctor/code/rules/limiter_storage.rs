//! S26: a limit that each worker counts for itself, or that counts addresses only.

use super::{
    super::{call::Call, module::Module, values::literal},
    Found,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S26",
    name: "limiter-per-process",
    title: "limits are counted per process, or per address only",
    severity: Severity::Warning,
    why: "With four workers \"5 per minute\" is 20, and a restart forgives everything. By address alone \
          one attacker with many addresses guesses without end, while everybody behind one proxy \
          shares one budget.",
    reference: "ASVS 6.1.1, 6.3.1",
    mend: "Give the limiter a shared storage (storage_uri=\"redis://...\"), trust X-Forwarded-For from \
           your proxy only, and count failed log-ins by account as well.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    let known = module.imports.has("flask_limiter") || module.imports.has("slowapi");
    let elsewhere = found.project.knows("RATELIMIT_STORAGE_URI")
        || found.project.knows("RATELIMIT_STORAGE_URL");
    for limiter in module.calls.iter().filter(|call| known && call.method() == "Limiter") {
        if limiter.has_splat() {
            continue;
        }
        let mut problems = Vec::new();
        if !elsewhere && in_memory(limiter) {
            problems.push("it counts in the memory of each worker");
        }
        if by_address_only(module, limiter) {
            problems.push("it counts by address only");
        }
        if !problems.is_empty() {
            found.add(&RULE, limiter.node, problems.join(", and "));
        }
    }
}

fn in_memory(limiter: &Call<'_>) -> bool {
    match limiter.keyword("storage_uri") {
        None => true,
        Some(uri) => literal(uri).is_some_and(|uri| uri.starts_with("memory")),
    }
}

fn by_address_only(module: &Module<'_>, limiter: &Call<'_>) -> bool {
    let addresses = ["get_remote_address", "get_ipaddr"];
    let by_address = limiter.arguments().any(|argument| {
        let value = argument.field("value").unwrap_or(argument);
        value.dotted().is_some_and(|name| addresses.iter().any(|known| name.ends_with(known)))
    });
    let otherwise = module.calls.iter().any(|call| {
        matches!(call.method(), "limit" | "shared_limit")
            && (call.keyword("key_func").is_some() || call.keyword("deduct_when").is_some())
    });
    by_address && !otherwise
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn limits_hold_for_all_workers_and_for_accounts() {
        let import = "from flask_limiter import Limiter\nfrom flask_limiter.util import get_remote_address\n";
        broken(
            "S26",
            &[
                &format!("{import}Limiter(app, key_func=get_remote_address)"),
                &format!("{import}Limiter(get_remote_address, app=app, storage_uri='redis://r')"),
                &format!("{import}Limiter(by_account, storage_uri='memory://')"),
            ],
        );
        kept(
            "S26",
            &[
                &format!(
                    "{import}limiter = Limiter(get_remote_address, storage_uri='redis://r')\n\
                          limiter.limit('5/minute', key_func=by_account)"
                ),
                "Limiter()",
            ],
        );
    }
}
