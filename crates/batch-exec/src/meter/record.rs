use std::time::Duration;

use super::{Label, Metric};

/// Adds to a counter.
#[cfg_attr(not(feature = "metrics"), expect(unused_variables))]
pub(crate) fn count(metric: Metric, labels: &[Label<'_>], by: u64) {
    #[cfg(feature = "metrics")]
    ::metrics::counter!(metric.info().name, owned(metric, labels)).increment(by);
}

/// Sets a gauge.
#[cfg_attr(not(feature = "metrics"), expect(unused_variables))]
pub(crate) fn set(metric: Metric, labels: &[Label<'_>], value: f64) {
    #[cfg(feature = "metrics")]
    ::metrics::gauge!(metric.info().name, owned(metric, labels)).set(value);
}

/// Adds a time to a histogram.
#[cfg_attr(not(feature = "metrics"), expect(unused_variables))]
pub(crate) fn observe(metric: Metric, labels: &[Label<'_>], time: Duration) {
    #[cfg(feature = "metrics")]
    ::metrics::histogram!(metric.info().name, owned(metric, labels)).record(time.as_secs_f64());
}

#[cfg(feature = "metrics")]
fn owned(metric: Metric, labels: &[Label<'_>]) -> Vec<::metrics::Label> {
    let known = metric.info().labels;
    debug_assert!(
        labels.iter().all(|(name, _)| known.contains(name)),
        "{metric:?} has a label that the catalogue does not know"
    );
    let with_value = labels
        .iter()
        .filter_map(|(name, value)| Some((name, (*value)?)));
    with_value
        .map(|(name, value)| ::metrics::Label::new(*name, value.to_owned()))
        .collect()
}
