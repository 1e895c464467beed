use std::collections::{BTreeMap, VecDeque};

use batch_core::time::Timestamp;

use super::log_record::Change;
use super::{DeadReason, Delivery, DeliveryId, DeliveryState, LogRecord};

/// All deliveries of an endpoint that are known, and whether it still wants any: what a
/// [`DeliveryLog`](super::DeliveryLog) keeps. It changes by records alone, so that the
/// same records always make the same book.
#[derive(Debug)]
pub(super) struct Book {
    deliveries: BTreeMap<DeliveryId, Delivery>,
    pending: usize,
    disabled_at: Option<Timestamp>,
    dead: Kept,
    delivered: Kept,
}

/// Deliveries that have ended, in the order in which they did, as many as are to be kept.
#[derive(Debug)]
struct Kept {
    most: usize,
    ids: VecDeque<DeliveryId>,
    /// How many had to go.
    dropped: u64,
}

impl Book {
    pub(super) const fn new(keep_dead: usize, keep_delivered: usize) -> Self {
        Self {
            deliveries: BTreeMap::new(),
            pending: 0,
            disabled_at: None,
            dead: Kept::new(keep_dead),
            delivered: Kept::new(keep_delivered),
        }
    }

    pub(super) fn delivery(&self, id: DeliveryId) -> Option<&Delivery> {
        self.deliveries.get(&id)
    }

    pub(super) const fn deliveries(&self) -> &BTreeMap<DeliveryId, Delivery> {
        &self.deliveries
    }

    /// How many are to be delivered.
    pub(super) const fn pending(&self) -> usize {
        self.pending
    }

    pub(super) fn dead(&self) -> impl Iterator<Item = DeliveryId> {
        self.dead.ids.iter().copied()
    }

    pub(super) fn delivered(&self) -> usize {
        self.delivered.ids.len()
    }

    /// How many dead ones were dropped because there were too many.
    pub(super) const fn dropped_dead(&self) -> u64 {
        self.dead.dropped
    }

    pub(super) const fn disabled_at(&self) -> Option<Timestamp> {
        self.disabled_at
    }

    /// The records that make this book.
    pub(super) fn records(&self) -> Vec<LogRecord> {
        let pending = self.deliveries.values().filter(|it| it.is_pending());
        let ended = self.dead.ids.iter().chain(&self.delivered.ids);
        let ended = ended.filter_map(|id| self.deliveries.get(id));
        let whole = |it: &Delivery| Change::Delivery(Box::new(it.clone()));
        let disabled = self.disabled_at.map(|at| Change::Disabled { at });
        // First what makes all that is there by then dead.
        let all = disabled.into_iter().chain(pending.chain(ended).map(whole));
        all.map(LogRecord).collect()
    }

    /// Makes a change; what it says of a delivery that is not known is passed over.
    pub(super) fn apply(&mut self, record: &LogRecord) {
        match &record.0 {
            Change::Delivery(delivery) => {
                self.leave(delivery.id);
                self.deliveries.insert(delivery.id, (**delivery).clone());
                self.enter(delivery.id);
            }
            Change::Tried { id, attempt, state } => {
                if let Some(delivery) = self.deliveries.get_mut(id) {
                    delivery.remember(attempt.clone());
                    self.move_to(*id, *state);
                }
            }
            Change::Moved { id, state } => self.move_to(*id, *state),
            Change::Disabled { at } => {
                self.disabled_at = Some(*at);
                let state = DeliveryState::Dead {
                    at: *at,
                    reason: DeadReason::EndpointDisabled,
                };
                let pending = self.deliveries.values().filter(|it| it.is_pending());
                for id in pending.map(|it| it.id).collect::<Vec<_>>() {
                    self.move_to(id, state);
                }
            }
            Change::Enabled => self.disabled_at = None,
        }
    }

    fn move_to(&mut self, id: DeliveryId, state: DeliveryState) {
        self.leave(id);
        if let Some(delivery) = self.deliveries.get_mut(&id) {
            delivery.state = state;
            self.enter(id);
        }
    }

    /// Takes a delivery out of the counts.
    fn leave(&mut self, id: DeliveryId) {
        match self.deliveries.get(&id).map(|it| it.state) {
            Some(DeliveryState::Pending { .. }) => self.pending -= 1,
            Some(DeliveryState::Delivered { .. }) => self.delivered.ids.retain(|it| *it != id),
            Some(DeliveryState::Dead { .. }) => self.dead.ids.retain(|it| *it != id),
            None => {}
        }
    }

    /// Puts a delivery into the counts; the oldest of its kind may have to go for it.
    fn enter(&mut self, id: DeliveryId) {
        let kept = match self.deliveries.get(&id).map(|it| it.state) {
            Some(DeliveryState::Pending { .. }) => {
                self.pending += 1;
                return;
            }
            Some(DeliveryState::Delivered { .. }) => &mut self.delivered,
            Some(DeliveryState::Dead { .. }) => &mut self.dead,
            None => return,
        };
        if let Some(dropped) = kept.push(id) {
            self.deliveries.remove(&dropped);
        }
    }
}

impl Kept {
    const fn new(most: usize) -> Self {
        Self {
            most,
            ids: VecDeque::new(),
            dropped: 0,
        }
    }

    fn push(&mut self, id: DeliveryId) -> Option<DeliveryId> {
        self.ids.push_back(id);
        if self.ids.len() <= self.most {
            return None;
        }
        self.dropped += 1;
        self.ids.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use batch_core::id::BatchId;
    use batch_core::journal::{EventId, Sequence};
    use proptest::prelude::*;

    use super::super::{DeliveryAttempt, DeliveryEnd};
    use super::*;

    fn id(sequence: u64) -> DeliveryId {
        let (sequence, batch) = (
            Sequence::new(sequence),
            BatchId::from_uuid(Default::default()),
        );
        DeliveryId::new(EventId::of_batch(sequence), batch)
    }

    fn state(choice: u8) -> DeliveryState {
        let at = Timestamp::from_second(i64::from(choice)).unwrap();
        match choice % 4 {
            0 => DeliveryState::Delivered { at },
            1 => DeliveryState::Dead {
                at,
                reason: DeadReason::TriesSpent,
            },
            _ => DeliveryState::Pending {
                due_at: at,
                failed_tries: u32::from(choice),
            },
        }
    }

    /// Any change to any of twenty deliveries.
    fn changes() -> impl Strategy<Value = Vec<LogRecord>> {
        let change = (0_u64..20, any::<u8>(), 0_u8..12).prop_map(|(sequence, choice, what)| {
            let (id, state) = (id(sequence), state(choice));
            let at = Timestamp::UNIX_EPOCH;
            LogRecord(match what {
                0..5 => Change::Delivery(Box::new(Delivery {
                    id,
                    event: "batch.created".to_owned(),
                    run: None,
                    accepted_at: at,
                    state: self::state(2),
                    attempts: VecDeque::new(),
                    body: "{}".into(),
                })),
                5..9 => {
                    let end = DeliveryEnd::Failed {
                        message: choice.to_string(),
                    };
                    let attempt = DeliveryAttempt {
                        at,
                        took_ms: 1,
                        end,
                    };
                    Change::Tried { id, attempt, state }
                }
                9 | 10 => Change::Moved { id, state },
                _ if choice < 128 => Change::Disabled { at },
                _ => Change::Enabled,
            })
        });
        proptest::collection::vec(change, 0..80)
    }

    fn book_of(records: &[LogRecord]) -> Book {
        let mut book = Book::new(3, 2);
        records.iter().for_each(|record| book.apply(record));
        book
    }

    proptest! {
        #[test]
        fn a_log_that_was_shortened_makes_the_same_book_and_counts_are_a_recount(records in changes()) {
            let book = book_of(&records);
            let states = || book.deliveries().values();
            prop_assert_eq!(book.pending(), states().filter(|it| it.is_pending()).count());
            prop_assert_eq!(book.dead().count(), states().filter(|it| it.is_dead()).count());
            prop_assert!(book.dead().count() <= 3 && book.delivered() <= 2);
            let ended = book.dead().count() + book.delivered();
            prop_assert_eq!(book.deliveries().len(), book.pending() + ended);

            // As a file would: written and read.
            let json = serde_json::to_string(&book.records()).unwrap();
            let again = book_of(&serde_json::from_str::<Vec<_>>(&json).unwrap());
            prop_assert_eq!(again.deliveries(), book.deliveries());
            prop_assert_eq!(again.disabled_at(), book.disabled_at());
            prop_assert_eq!(&again.dead.ids, &book.dead.ids);
            prop_assert_eq!(&again.delivered.ids, &book.delivered.ids);
        }
    }
}
