//! Counts and gauges as OpenMetrics text. Each router has its own registry: the engine also lives
//! inside other people's processes, where nothing global is ours to use.

use std::{fmt, time::Duration};

use countersign_engine::{Engine, error::Error};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text::encode},
    metrics::{
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::ConstGauge,
        histogram::Histogram,
    },
    registry::{Registry, Unit},
};

/// Seconds: from an in-memory answer to a log-in on a loaded machine.
const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// What a request was.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub(crate) struct RequestLabels {
    /// The route's pattern.
    pub(crate) route: String,
    /// The method.
    pub(crate) method: &'static str,
    /// The status of the answer.
    pub(crate) status: u16,
}

/// For durations: a histogram for each status would be many.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct RouteLabels {
    route: String,
    method: &'static str,
}

/// How an operation ended: `ok`, or a code of the error table.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// Operations whose outcomes are counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    /// A log-in, by JSON or by the password form.
    Login,
    /// A refresh, by JSON or by the token endpoint.
    Refresh,
}

/// The metrics of one router.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    logins: Family<OutcomeLabels, Counter>,
    refreshes: Family<OutcomeLabels, Counter>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    pub(crate) fn new(engine: &Engine) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("countersign"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            logins: Family::default(),
            refreshes: Family::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("http_requests", "Requests answered", metrics.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time to the answer",
            Unit::Seconds,
            metrics.durations.clone(),
        );
        registry.register("logins", "Log-ins by outcome", metrics.logins.clone());
        registry.register("refreshes", "Refreshes by outcome", metrics.refreshes.clone());
        registry.register_collector(Box::new(EngineCollector(engine.clone())));
        metrics
    }

    /// Counts an answer.
    pub(crate) fn observe(&self, labels: &RequestLabels, duration: Duration) {
        let route = RouteLabels { route: labels.route.clone(), method: labels.method };
        self.durations.get_or_create(&route).observe(duration.as_secs_f64());
        self.requests.get_or_create(labels).inc();
    }

    /// Counts how an operation ended.
    pub(crate) fn count<T>(&self, operation: Operation, result: &Result<T, Error>) {
        let outcome = match result {
            Ok(_) => "ok",
            Err(error) => error.code().as_str(),
        };
        let family = match operation {
            Operation::Login => &self.logins,
            Operation::Refresh => &self.refreshes,
        };
        family.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// The text; none when it cannot be written, which does not happen.
    pub(crate) fn encode(&self) -> Option<String> {
        let mut text = String::new();
        encode(&mut text, &self.registry).ok()?;
        Some(text)
    }
}

/// What the engine and its guard know of themselves, read when it is asked for.
#[derive(Debug)]
struct EngineCollector(Engine);

impl Collector for EngineCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let guard = self.0.guard();
        let view = guard.view().state(guard.clock().monotonic());
        let entries = ConstGauge::new(i64::try_from(view.entries).unwrap_or(i64::MAX));
        put(&mut encoder, "revocation_entries", "Revocations held in memory", &entries)?;
        // Before the first reading there is no age, and no number would be right.
        if let Some(staleness) = view.staleness {
            let staleness = ConstGauge::new(staleness.as_secs_f64());
            let help = "Since when the revocation log was not read to its end";
            put(&mut encoder, "revocation_staleness_seconds", help, &staleness)?;
        }
        let overflowed = ConstGauge::new(i64::from(view.overflowed));
        let help = "Whether revocations no longer fit, so that protected routes answer 503";
        put(&mut encoder, "revocation_overflowed", help, &overflowed)?;
        let hashes = ConstCounter::new(self.0.password_verifications());
        put(&mut encoder, "password_verifications", "Password hashes computed to verify", &hashes)
    }
}

fn put(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}
