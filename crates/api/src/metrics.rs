//! What the server counts.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// What names a request; few values each, whatever clients send.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug)]
pub(crate) struct Metrics {
    requests: Family<Request, Counter>,
    duration: Family<Route, Histogram>,
    pub(crate) captured_events: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::default(),
            duration: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.000_25, 2.0, 18))
            }),
            captured_events: Counter::default(),
        };
        let registry = registry.sub_registry_with_prefix("http");
        registry.register(
            "requests",
            "Requests answered, by route and status",
            metrics.requests.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "Time until an answer began",
            Unit::Seconds,
            metrics.duration.clone(),
        );
        registry.register(
            "captured_events",
            "Events captured over HTTP",
            metrics.captured_events.clone(),
        );
        metrics
    }

    /// Counts a request that was answered.
    pub(crate) fn answered(
        &self,
        method: &Method,
        route: &str,
        status: StatusCode,
        taken: Duration,
    ) {
        let request = Request {
            method: match *method {
                Method::GET => "GET",
                Method::HEAD => "HEAD",
                Method::POST => "POST",
                _ => "other",
            },
            route: route.to_owned(),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&request).inc();
        let route = Route {
            route: route.to_owned(),
        };
        let duration = self.duration.get_or_create(&route);
        duration.observe(taken.as_secs_f64());
    }
}
