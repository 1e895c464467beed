use std::collections::BTreeMap;
use std::time::Duration;

use crate::id::{BatchId, RunId};
use crate::ordinal::OrdinalSet;

/// The runs that are held, by the uptime at which their claims run out.
///
/// Runs of one batch that were claimed together stand together.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Leases {
    by_end: BTreeMap<(Duration, BatchId), OrdinalSet>,
}

impl Leases {
    pub(super) fn insert_all(&mut self, end: Duration, batch: BatchId, runs: &OrdinalSet) {
        if !runs.is_empty() {
            self.by_end
                .entry((end, batch))
                .or_default()
                .union_with(runs);
        }
    }

    pub(super) fn insert(&mut self, end: Duration, run: RunId) {
        let of_batch = self.by_end.entry((end, run.batch())).or_default();
        of_batch.insert(run.ordinal());
    }

    pub(super) fn remove_all(&mut self, end: Duration, batch: BatchId, runs: &OrdinalSet) {
        self.thin(end, batch, |held| held.remove_all(runs));
    }

    pub(super) fn remove(&mut self, end: Duration, run: RunId) {
        self.thin(end, run.batch(), |held| {
            held.remove(run.ordinal());
        });
    }

    fn thin(&mut self, end: Duration, batch: BatchId, take: impl FnOnce(&mut OrdinalSet)) {
        if let Some(held) = self.by_end.get_mut(&(end, batch)) {
            take(held);
            if held.is_empty() {
                self.by_end.remove(&(end, batch));
            }
        }
    }

    /// Forgets all of a batch.
    pub(super) fn forget(&mut self, batch: BatchId) {
        self.by_end.retain(|(_, other), _| *other != batch);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_end.is_empty()
    }

    /// When the first claim runs out.
    pub(super) fn first_end(&self) -> Option<Duration> {
        self.by_end.first_key_value().map(|((end, _), _)| *end)
    }

    /// The runs whose claims have run out by then.
    pub(super) fn ended_by(
        &self,
        uptime: Duration,
    ) -> impl Iterator<Item = (BatchId, &OrdinalSet)> {
        let ended = self.by_end.iter();
        let ended = ended.take_while(move |((end, _), _)| *end <= uptime);
        ended.map(|((_, batch), runs)| (*batch, runs))
    }

    /// All runs that are held, each with the end of its claim.
    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (Duration, RunId)> {
        self.by_end.iter().flat_map(|((end, batch), runs)| {
            runs.iter()
                .map(|ordinal| (*end, RunId::new(*batch, ordinal)))
        })
    }
}
