use std::collections::{BTreeMap, HashMap, VecDeque};

use batch_core::id::BatchId;
use batch_core::journal::Facet;
use batch_core::ordinal::Ordinal;

use super::DeliveryId;

/// Which deliveries have to wait for which, so that order is kept.
///
/// Events of one run go one after the other. An event of a batch goes after all that
/// came before it in the batch, and before all that come after it: `batch.finished` is
/// the last. Nothing else waits for anything, and `batch.progress` waits for nothing and
/// holds up nothing: it is worth nothing later.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    batches: HashMap<BatchId, VecDeque<Stretch>>,
}

/// A stretch of the events of one batch. The stretches go one after the other.
#[derive(Debug)]
enum Stretch {
    /// Events of runs: each run has a queue.
    Runs(BTreeMap<Ordinal, VecDeque<DeliveryId>>),
    /// One event of the batch.
    Batch(DeliveryId),
}

/// Whether a delivery has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    First,
    Behind,
}

impl Lanes {
    /// Puts a delivery behind all those that it has to wait for.
    pub(super) fn push(&mut self, id: DeliveryId) -> Place {
        if is_free(id) {
            return Place::First;
        }
        let stretches = self.batches.entry(id.batch()).or_default();
        let Some(ordinal) = id.event().ordinal else {
            stretches.push_back(Stretch::Batch(id));
            return place(stretches.len() == 1);
        };
        if !matches!(stretches.back(), Some(Stretch::Runs(_))) {
            stretches.push_back(Stretch::Runs(BTreeMap::new()));
        }
        let alone = stretches.len() == 1;
        let Some(Stretch::Runs(runs)) = stretches.back_mut() else {
            return Place::Behind;
        };
        let queue = runs.entry(ordinal).or_default();
        queue.push_back(id);
        place(alone && queue.len() == 1)
    }

    /// Takes out a delivery that is first; gives those that are first in its stead.
    /// One that is not first is none of these lanes, and nothing changes.
    pub(super) fn end(&mut self, id: DeliveryId) -> Vec<DeliveryId> {
        let Some(stretches) = self.batches.get_mut(&id.batch()) else {
            return Vec::new();
        };
        match stretches.front_mut() {
            Some(Stretch::Runs(runs)) => match end_of_run(runs, id) {
                Ended::Next(next) => return vec![next],
                Ended::RunDone if !runs.is_empty() => return Vec::new(),
                Ended::RunDone => {}
                Ended::NotFirst => return Vec::new(),
            },
            Some(Stretch::Batch(first)) if *first == id => {}
            _ => return Vec::new(),
        }
        stretches.pop_front();
        let first = stretches.front().map_or_else(Vec::new, Stretch::first);
        if first.is_empty() {
            self.batches.remove(&id.batch());
        }
        first
    }
}

/// What follows in the queue of a run.
enum Ended {
    Next(DeliveryId),
    RunDone,
    NotFirst,
}

fn end_of_run(runs: &mut BTreeMap<Ordinal, VecDeque<DeliveryId>>, id: DeliveryId) -> Ended {
    let Some(ordinal) = id.event().ordinal else {
        return Ended::NotFirst;
    };
    let Some(queue) = runs.get_mut(&ordinal) else {
        return Ended::NotFirst;
    };
    if queue.front() != Some(&id) {
        return Ended::NotFirst;
    }
    queue.pop_front();
    if let Some(next) = queue.front() {
        return Ended::Next(*next);
    }
    runs.remove(&ordinal);
    Ended::RunDone
}

impl Stretch {
    fn first(&self) -> Vec<DeliveryId> {
        match self {
            Self::Batch(id) => vec![*id],
            Self::Runs(runs) => runs.values().filter_map(|it| it.front().copied()).collect(),
        }
    }
}

/// Whether a delivery is in no lane.
fn is_free(id: DeliveryId) -> bool {
    id.event().facet == Some(Facet::Progress)
}

const fn place(first: bool) -> Place {
    if first { Place::First } else { Place::Behind }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use batch_core::journal::{EventId, Sequence};
    use proptest::prelude::*;

    use super::*;

    /// What has to wait for what, said plainly.
    fn waits_for(id: DeliveryId, earlier: DeliveryId) -> bool {
        let (one, other) = (id.event().ordinal, earlier.event().ordinal);
        id.batch() == earlier.batch() && (one == other || one.is_none() || other.is_none())
    }

    fn firsts(queue: &[DeliveryId]) -> BTreeSet<DeliveryId> {
        let free = |at: usize| {
            !queue[..at]
                .iter()
                .any(|earlier| waits_for(queue[at], *earlier))
        };
        (0..queue.len())
            .filter(|at| free(*at))
            .map(|at| queue[at])
            .collect()
    }

    fn events() -> impl Strategy<Value = Vec<(u8, Option<u32>, u8)>> {
        let ordinal = prop_oneof![1 => Just(None), 5 => (0_u32..4).prop_map(Some)];
        proptest::collection::vec((0_u8..3, ordinal, any::<u8>()), 0..60)
    }

    proptest! {
        #[test]
        fn what_is_first_is_what_has_to_wait_for_nothing(events in events()) {
            let batches: Vec<_> = (0..3).map(|_| BatchId::generate()).collect();
            let (mut lanes, mut queue, mut first) = (Lanes::default(), Vec::new(), BTreeSet::new());
            for (n, (batch, ordinal, choice)) in events.into_iter().enumerate() {
                let mut event = EventId::of_batch(Sequence::new(n as u64));
                event.ordinal = ordinal.map(Ordinal::new);
                let id = DeliveryId::new(event, batches[usize::from(batch)]);
                queue.push(id);
                if lanes.push(id) == Place::First {
                    prop_assert!(first.insert(id));
                }
                prop_assert_eq!(&first, &firsts(&queue));
                // Now and then one ends, not always the oldest.
                if choice % 3 == 0 {
                    let ended = *first.iter().nth(usize::from(choice) % first.len()).unwrap();
                    queue.retain(|it| *it != ended);
                    first.remove(&ended);
                    for next in lanes.end(ended) {
                        prop_assert!(first.insert(next));
                    }
                    prop_assert_eq!(&first, &firsts(&queue));
                }
            }
            while let Some(ended) = first.pop_last() {
                queue.retain(|it| *it != ended);
                first.extend(lanes.end(ended));
                prop_assert_eq!(&first, &firsts(&queue));
            }
            prop_assert!(queue.is_empty() && lanes.batches.is_empty());
        }
    }
}
