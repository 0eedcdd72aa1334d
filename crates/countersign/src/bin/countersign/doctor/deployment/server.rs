//! D10: revocations that are not up to date, in the settings and in the server that runs.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::Subject;
use crate::doctor::{Finding, Rule, Severity};

pub(super) const STALE: Rule = Rule {
    id: "D10",
    name: "revocations-stale",
    title: "revocations may be out of date",
    severity: Severity::Error,
    why: "What was revoked is taken until the verifier hears of it; one that has not heard for long \
          answers 503 to everything.",
    reference: "RFC 7009 2.1; ASVS 7.4.1, 7.4.2",
    mend: "Keep revocations.max_staleness at minutes and revocations.capacity above what there is; look \
           at the log of the server that does not keep up, and at its database's disk.",
};

/// Somebody on this machine answers sooner.
const PATIENCE: Duration = Duration::from_secs(2);
const MOST_BYTES: u64 = 1 << 20;
/// A view that keeps up is never older.
const FRESH_SECONDS: f64 = 10.0;
const LONGEST: Duration = Duration::from_secs(3_600);

pub(super) async fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    let Ok(config) = &subject.config else { return };
    let revocations = config.engine.revocations;
    if revocations.max_staleness > LONGEST {
        let value = subject.value("revocations.max_staleness");
        let message =
            format!("revocations.max_staleness is {value}: for so long a revoked token works");
        let place = subject.place("revocations.max_staleness");
        findings.push(Finding::new(&STALE, message).at(place).with_severity(Severity::Warning));
    }
    let held = subject.readable_database().map_or(0, |found| found.revocations);
    let capacity = u64::try_from(revocations.capacity).unwrap_or(u64::MAX);
    if held > capacity / 10 * 8 {
        let message = format!("{held} revocations are live, and {capacity} fit into memory");
        let place = subject.place("revocations.capacity");
        findings.push(Finding::new(&STALE, message).at(place));
    }
    // TLS is for clients that know the name; a server that listens outside listens here, too.
    if config.server.tls.is_none() && config.server.listen.port() != 0 {
        let address = local(config.server.listen);
        if let Some(metrics) = get(address, &format!("{}/metrics", config.http.mount)).await {
            judge(&metrics, findings);
        }
    }
}

/// The same server, seen from this machine.
fn local(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        let local = match listen {
            SocketAddr::V4(_) => [127, 0, 0, 1].into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        listen.set_ip(local);
    }
    listen
}

/// The body of an answer; none when nobody answers.
async fn get(address: SocketAddr, path: &str) -> Option<String> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MOST_BYTES).read_to_end(&mut answer).await?;
        std::io::Result::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = timeout(PATIENCE, ask).await.ok()?.ok()?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}

/// What the metrics of a running server say. Another program's say nothing.
fn judge(metrics: &str, findings: &mut Vec<Finding>) {
    let gauge = |name: &str| -> Option<f64> {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.split(' ').next()?.parse().ok()
    };
    if gauge("countersign_revocation_overflowed").is_some_and(|full| full > 0.0) {
        let message =
            "the running server holds more revocations than fit: protected routes answer 503";
        findings.push(Finding::new(&STALE, message));
    }
    let staleness = gauge("countersign_revocation_staleness_seconds");
    if let Some(seconds) = staleness.filter(|seconds| *seconds > FRESH_SECONDS) {
        let message = format!("the running server has not read the revocations for {seconds:.0} s");
        findings.push(Finding::new(&STALE, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_server_says_how_it_keeps_up() {
        let metrics = |staleness: &str, overflowed| {
            format!(
                "# TYPE countersign_revocation_overflowed gauge\ncountersign_revocation_overflowed \
                 {overflowed}\ncountersign_revocation_staleness_seconds {staleness}\n# EOF\n"
            )
        };
        let count = |text: &str| {
            let mut findings = Vec::new();
            judge(text, &mut findings);
            findings.len()
        };
        assert_eq!(count(&metrics("0.012", 0)), 0);
        assert_eq!(count(&metrics("61.5", 0)), 1);
        assert_eq!(count(&metrics("61.5", 1)), 2);
        assert_eq!(count("<html>another program</html>"), 0);
    }
}
