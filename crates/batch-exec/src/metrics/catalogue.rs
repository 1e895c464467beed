use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

use super::{MetricInfo, MetricKind};
use crate::meter::Metric;

const ALL: [Metric; 17] = [
    Metric::BatchesSubmitted,
    Metric::RunsFinished,
    Metric::RunAttempts,
    Metric::RunDuration,
    Metric::RunWait,
    Metric::Runs,
    Metric::OldestPendingRunAge,
    Metric::LeasesExpired,
    Metric::StoreOperationDuration,
    Metric::WebhookDeliveries,
    Metric::EventsDropped,
    Metric::SinkLag,
    Metric::SinkFailures,
    Metric::ExecutorBlocks,
    Metric::ExecutorsBlocking,
    Metric::LongAttempts,
    Metric::RunsUnserved,
];

/// Every metric of this crate.
pub fn catalogue() -> impl ExactSizeIterator<Item = MetricInfo> {
    ALL.into_iter().map(Metric::info)
}

/// Tells the recorder that is installed what each metric means.
pub fn describe() {
    for metric in catalogue() {
        let unit = match metric.unit {
            "seconds" => Unit::Seconds,
            _ => Unit::Count,
        };
        match metric.kind {
            MetricKind::Counter => describe_counter!(metric.name, unit, metric.help),
            MetricKind::Gauge => describe_gauge!(metric.name, unit, metric.help),
            MetricKind::Histogram => describe_histogram!(metric.name, unit, metric.help),
        }
    }
}

impl Metric {
    pub(crate) const fn info(self) -> MetricInfo {
        match self {
            Self::BatchesSubmitted => counter("batchyard_batches_submitted_total", "batches", &[])
                .telling("batches stored, through a `MeteredStorage`; one found under its idempotency key is not stored again"),
            Self::RunsFinished => counter("batchyard_runs_finished_total", "runs", &["workflow", "outcome"])
                .telling("runs that this dispatcher brought to their end: `processed`, `failed`, `cancelled`, `rejected`"),
            Self::RunAttempts => counter("batchyard_run_attempts_total", "attempts", &["workflow", "outcome"])
                .telling("attempts of executors, as they were recorded: the outcomes of a run, `retrying`, `snoozed`, `released`, `needs_review`, or `stale` where the claim was lost"),
            Self::RunDuration => histogram("batchyard_run_duration_seconds", &["workflow"])
                .telling("how long executors took for an attempt, failed ones included"),
            Self::RunWait => histogram("batchyard_run_wait_seconds", &["workflow"])
                .telling("how long runs waited from their submit until an executor first began"),
            Self::Runs => gauge("batchyard_runs", "runs", &["state"])
                .telling("runs in the store that have not ended: `pending`, `processing`, `cancelling`, `needs_review`"),
            Self::OldestPendingRunAge => gauge("batchyard_oldest_pending_run_age_seconds", "seconds", &[])
                .telling("the age of the oldest batch with a run that waits; 0 where none does"),
            Self::LeasesExpired => counter("batchyard_leases_expired_total", "claims", &[])
                .telling("claims that this dispatcher lost while it held them"),
            Self::StoreOperationDuration => histogram("batchyard_store_operation_duration_seconds", &["backend", "operation", "outcome"])
                .telling("how long calls of a `MeteredStorage` took, claims with patience and its waiting for news left out; the outcome is `ok` or `error`"),
            Self::WebhookDeliveries => counter("batchyard_webhook_deliveries_total", "tries", &["outcome"])
                .telling("tries to deliver an event to an endpoint: `delivered`, `retrying`, or `dead`, which is given up"),
            Self::EventsDropped => counter("batchyard_events_dropped_total", "entries", &["sink"])
                .telling("journal entries that were trimmed before the sink came to them"),
            Self::SinkLag => gauge("batchyard_sink_lag_entries", "entries", &["sink"])
                .telling("journal entries that the sink has not dealt with, looked up with the gauges of runs"),
            Self::SinkFailures => counter("batchyard_sink_failures_total", "deliveries", &["sink"])
                .telling("deliveries to the sink that failed or panicked, and come again"),
            Self::ExecutorBlocks => counter("batchyard_executor_blocks_total", "blocks", &["workflow"])
                .telling("times that an executor kept a thread of the runtime for longer than `blocking_after`, when it has given it back"),
            Self::ExecutorsBlocking => gauge("batchyard_executors_blocking", "executors", &[])
                .telling("executors that keep a thread of the runtime now, looked up with each heartbeat"),
            Self::LongAttempts => gauge("batchyard_long_attempts", "attempts", &[])
                .telling("attempts without a time limit that have lasted longer than `long_after`"),
            Self::RunsUnserved => gauge("batchyard_unserved_runs", "runs", &[])
                .telling("runs that wait and whose workflow no dispatcher on this engine executes"),
        }
    }
}

impl MetricInfo {
    const fn telling(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }
}

const fn metric(
    kind: MetricKind,
    name: &'static str,
    unit: &'static str,
    labels: &'static [&'static str],
) -> MetricInfo {
    MetricInfo {
        name,
        kind,
        unit,
        labels,
        help: "",
    }
}

const fn counter(
    name: &'static str,
    unit: &'static str,
    labels: &'static [&'static str],
) -> MetricInfo {
    metric(MetricKind::Counter, name, unit, labels)
}

const fn gauge(
    name: &'static str,
    unit: &'static str,
    labels: &'static [&'static str],
) -> MetricInfo {
    metric(MetricKind::Gauge, name, unit, labels)
}

const fn histogram(name: &'static str, labels: &'static [&'static str]) -> MetricInfo {
    metric(MetricKind::Histogram, name, "seconds", labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_observability_has_a_row_for_each_metric_and_no_other() {
        let page = include_str!("../../../../docs/observability.md");
        for metric in catalogue() {
            let labels: Vec<_> = metric.labels.iter().map(|l| format!("`{l}`")).collect();
            let MetricInfo {
                name,
                kind,
                unit,
                help,
                ..
            } = metric;
            let row = format!(
                "\n| `{name}` | {kind} | {unit} | {} | {help} |\n",
                labels.join(", ")
            );
            assert!(page.contains(&row), "missing:{row}");
        }
        assert_eq!(page.matches("\n| `batchyard_").count(), catalogue().len());
    }

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        for metric in catalogue() {
            let total = metric.name.ends_with("_total");
            assert_eq!(total, metric.kind == MetricKind::Counter, "{}", metric.name);
            let seconds = metric.name.ends_with("_seconds");
            assert_eq!(seconds, metric.unit == "seconds", "{}", metric.name);
            assert!(metric.name.starts_with("batchyard_"));
        }
    }

    #[test]
    fn no_label_holds_an_id() {
        let known = [
            "workflow",
            "outcome",
            "state",
            "backend",
            "operation",
            "sink",
        ];
        for metric in catalogue() {
            let all_known = metric.labels.iter().all(|label| known.contains(label));
            assert!(all_known, "{metric:?}");
        }
    }
}
