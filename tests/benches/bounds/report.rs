//! The table at the end, and how its figures are taken.

use std::fmt;
use std::time::Duration;

use criterion::{Criterion, Throughput};

/// How often each side is measured for the table, in turn.
const ROUNDS: usize = 60;

/// Returns criterion, set for routines of some milliseconds on a small machine.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
}

/// All rows, in the order in which they were measured.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

struct Row {
    what: String,
    ours: f64,
    bound: Option<(String, f64)>,
    target: Option<f64>,
    unit: &'static str,
}

/// What is compared: so many units of work by us, and by the bound.
pub(crate) struct Case<'a> {
    pub(crate) what: &'a str,
    pub(crate) bound: &'a str,
    pub(crate) units: usize,
    pub(crate) target: Option<f64>,
}

impl Report {
    /// Measures both sides in turn and enters their medians. Each routine does
    /// `units` of work at each call and returns how long that took.
    pub(crate) fn compare(
        &mut self,
        criterion: &mut Criterion,
        case: &Case<'_>,
        mut ours: impl FnMut() -> Duration,
        mut bound: impl FnMut() -> Duration,
    ) {
        let mut group = criterion.benchmark_group(case.what.replace(' ', "-"));
        group.throughput(Throughput::Elements(case.units as u64));
        group.bench_function("ours", |b| {
            b.iter_custom(|times| (0..times).map(|_| ours()).sum());
        });
        group.bench_function("bound", |b| {
            b.iter_custom(|times| (0..times).map(|_| bound()).sum());
        });
        group.finish();
        let (mut our_times, mut bound_times) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            our_times.push(ours());
            bound_times.push(bound());
        }
        let (ours, bound) = (median(&mut our_times), median(&mut bound_times));
        self.rates(case, ours, bound);
    }

    /// Enters how long `units` of work took on both sides.
    pub(crate) fn rates(&mut self, case: &Case<'_>, ours: Duration, bound: Duration) {
        self.rows.push(Row {
            what: case.what.to_owned(),
            ours: rate(case.units, ours),
            bound: Some((case.bound.to_owned(), rate(case.units, bound))),
            target: case.target,
            unit: "a second",
        });
    }

    /// Enters a figure that has no bound beside it.
    pub(crate) fn figure(&mut self, what: &str, value: f64, unit: &'static str) {
        self.rows.push(Row {
            what: what.to_owned(),
            ours: value,
            bound: None,
            target: None,
            unit,
        });
    }

    /// Enters a figure that is to stay below `target`.
    pub(crate) fn limit(&mut self, what: &str, value: f64, unit: &'static str, target: f64) {
        self.figure(what, value, unit);
        if let Some(row) = self.rows.last_mut() {
            row.target = Some(target);
        }
    }

    /// Adds a line below the table.
    pub(crate) fn note(&mut self, text: String) {
        self.notes.push(text);
    }
}

/// Returns how many units a second that is.
#[allow(
    clippy::cast_precision_loss,
    reason = "counts of work are far below 2^52"
)]
pub(crate) fn rate(units: usize, time: Duration) -> f64 {
    units as f64 / time.as_secs_f64()
}

/// Returns the median of what was measured.
pub(crate) fn median(times: &mut [Duration]) -> Duration {
    quantile(times, 50)
}

/// Returns the time that `percent` of the times do not exceed.
pub(crate) fn quantile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let at = (times.len() * percent / 100).min(times.len() - 1);
    times[at]
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n| what | figure | bound | its figure | ratio | target |"
        )?;
        writeln!(f, "|---|---:|---|---:|---:|---:|")?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        for note in &self.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = |holds: bool| if holds { "met" } else { "missed" };
        let (what, unit) = (&self.what, self.unit);
        write!(f, "| {what} | {} |", readable(self.ours, unit))?;
        match (&self.bound, self.target) {
            (Some((name, bound)), target) => {
                let ratio = self.ours / bound;
                write!(f, " {name} | {} | {ratio:.2} |", readable(*bound, unit))?;
                match target {
                    Some(least) => write!(f, " ≥ {least}: {} |", met(ratio >= least)),
                    None => write!(f, " |"),
                }
            }
            (None, Some(most)) => {
                write!(f, " | | | < {most} {unit}: {} |", met(self.ours < most))
            }
            (None, None) => write!(f, " | | | |"),
        }
    }
}

fn readable(value: f64, unit: &str) -> String {
    if value >= 1e6 {
        format!("{:.2} million {unit}", value / 1e6)
    } else if value >= 1e3 {
        format!("{value:.0} {unit}")
    } else if value >= 10.0 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.2} {unit}")
    }
}
