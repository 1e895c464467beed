use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use parking_lot::Mutex;

/// Keeps what is counted and measured, by `name{label=value,…}`.
#[derive(Debug, Default)]
pub(super) struct MeterRecorder {
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    gauges: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    histograms: Mutex<BTreeMap<String, Arc<Values>>>,
    described: Mutex<Vec<(String, Option<Unit>, String)>>,
}

#[derive(Debug, Default)]
struct Values(Mutex<Vec<f64>>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        self.0.lock().push(value);
    }
}

fn series(key: &Key) -> String {
    let labels: BTreeSet<_> = key
        .labels()
        .map(|label| format!("{}={}", label.key(), label.value()))
        .collect();
    let labels: Vec<_> = labels.into_iter().collect();
    format!("{}{{{}}}", key.name(), labels.join(","))
}

impl MeterRecorder {
    pub(super) fn counter(&self, series: &str) -> u64 {
        let counters = self.counters.lock();
        counters
            .get(series)
            .map_or(0, |it| it.load(Ordering::SeqCst))
    }

    pub(super) fn gauge(&self, series: &str) -> Option<f64> {
        let gauges = self.gauges.lock();
        let bits = gauges.get(series)?.load(Ordering::SeqCst);
        Some(f64::from_bits(bits))
    }

    pub(super) fn histogram(&self, series: &str) -> Vec<f64> {
        let histograms = self.histograms.lock();
        let values = histograms.get(series).map(|it| it.0.lock().clone());
        values.unwrap_or_default()
    }

    /// Everything that was counted or measured.
    pub(super) fn series(&self) -> Vec<String> {
        let (counters, gauges) = (self.counters.lock(), self.gauges.lock());
        let histograms = self.histograms.lock();
        let names = counters.keys().chain(gauges.keys());
        names.chain(histograms.keys()).cloned().collect()
    }

    pub(super) fn described(&self) -> Vec<(String, Option<Unit>, String)> {
        self.described.lock().clone()
    }

    fn describe(&self, key: &KeyName, unit: Option<Unit>, help: &SharedString) {
        let told = (key.as_str().to_owned(), unit, help.to_string());
        self.described.lock().push(told);
    }
}

impl Recorder for MeterRecorder {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&key, unit, &help);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&key, unit, &help);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, help: SharedString) {
        self.describe(&key, unit, &help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut counters = self.counters.lock();
        Counter::from_arc(Arc::clone(counters.entry(series(key)).or_default()))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let mut gauges = self.gauges.lock();
        Gauge::from_arc(Arc::clone(gauges.entry(series(key)).or_default()))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let mut histograms = self.histograms.lock();
        Histogram::from_arc(Arc::clone(histograms.entry(series(key)).or_default()))
    }
}
