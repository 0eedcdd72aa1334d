//! S17: a log-in that takes as many guesses as anybody likes.

use super::{
    super::{function::Function, module::Module},
    Found, quoted,
};
use crate::doctor::{Rule, Severity};

pub(super) const RULE: Rule = Rule {
    id: "S17",
    name: "log-in-without-limit",
    title: "a log-in without a limit",
    severity: Severity::Error,
    why: "Passwords are guessed at the speed of the machine: lists of leaked ones, one account after \
          the other.",
    reference: "ASVS 6.3.1, 2.4.1; RFC 6749 10.10",
    mend: "Count failed tries by account and by address, in a store that all workers share, and answer \
           429 with Retry-After: for example 5 per minute. Countersign's POST /login has both, and an \
           attacker cannot lock the owner out.",
};

pub(super) fn check(module: &Module<'_>, found: &mut Found<'_>) {
    if found.project.limits_everything {
        return;
    }
    for function in module.functions.iter().filter(|function| function.is_login()) {
        let answers = function.route.as_ref().is_some_and(|route| {
            route.methods.iter().any(|method| method != "OPTIONS" && method != "HEAD")
        });
        if answers && !is_limited(module, function) {
            let name = quoted(function.name);
            found.add(&RULE, function.title(), format!("{name} can be tried without end"));
        }
    }
}

fn is_limited(module: &Module<'_>, function: &Function<'_>) -> bool {
    let limits = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["limit", "throttle", "attempt", "lockout", "axes"].iter().any(|part| name.contains(part))
    };
    let decorated = function.decorators.iter().flat_map(|decorator| decorator.node.all());
    let parameters = function.parameters().flat_map(|parameter| parameter.node.all());
    decorated.chain(parameters).any(|node| node.is("identifier") && limits(node.text()))
        || module
            .calls_in(function.body())
            .any(|call| limits(call.node.field("function").map_or("", |callee| callee.text())))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{broken, kept};

    #[test]
    fn guesses_are_counted() {
        let route = "@app.post('/login')\ndef login(f: Form = Depends()):\n    return check(f)";
        broken("S17", &[route, "@app.route('/token', methods=['POST'])\ndef issue():\n    pass"]);
        kept(
            "S17",
            &[
                &route.replace("\ndef", "\n@limiter.limit('5/minute')\ndef"),
                &route.replace("Depends()", "Depends(RateLimiter(times=5))"),
                &route.replace("return check", "limiter.hit(f)\n    return check"),
                &format!("limiter = Limiter(key, default_limits=['5/minute'])\n{route}"),
                "def login(): pass",
            ],
        );
    }
}
