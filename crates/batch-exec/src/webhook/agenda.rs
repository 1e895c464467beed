use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::DeliveryId;
use super::lanes::{Lanes, Place};

/// What is sent next, and when. Pure; times are uptimes of the clock.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    lanes: Lanes,
    /// When each delivery that is pending and not under way may be sent.
    due: HashMap<DeliveryId, Duration>,
    /// Those of them that wait for no other.
    first: BTreeSet<(Duration, DeliveryId)>,
    in_flight: HashSet<DeliveryId>,
    paused_until: Duration,
}

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Send this one; it counts as under way.
    Send(DeliveryId),
    /// Nothing before this time, unless something changes.
    At(Duration),
    /// Nothing, unless something changes.
    Nothing,
}

impl Agenda {
    /// Takes on a delivery, behind all that it has to wait for.
    pub(super) fn add(&mut self, id: DeliveryId, due: Duration) {
        self.due.insert(id, due);
        if self.lanes.push(id) == Place::First {
            self.first.insert((due, id));
        }
    }

    /// What there is to do, with so many under way at most.
    pub(super) fn next(&mut self, now: Duration, most_in_flight: usize) -> Next {
        if self.in_flight.len() >= most_in_flight {
            return Next::Nothing;
        }
        let Some(&(due, id)) = self.first.first() else {
            return Next::Nothing;
        };
        let due = due.max(self.paused_until);
        if due > now {
            return Next::At(due);
        }
        self.first.pop_first();
        self.due.remove(&id);
        self.in_flight.insert(id);
        Next::Send(id)
    }

    /// One that was under way is to be sent again; what is behind it goes on waiting.
    pub(super) fn again(&mut self, id: DeliveryId, due: Duration) {
        self.in_flight.remove(&id);
        self.due.insert(id, due);
        self.first.insert((due, id));
    }

    /// One that was under way has ended.
    pub(super) fn ended(&mut self, id: DeliveryId) {
        self.in_flight.remove(&id);
        for next in self.lanes.end(id) {
            if let Some(due) = self.due.get(&next) {
                self.first.insert((*due, next));
            }
        }
    }

    /// Sends nothing before this time.
    pub(super) fn pause(&mut self, until: Duration) {
        self.paused_until = self.paused_until.max(until);
    }

    /// Makes everything due, as far as nothing else has to go first.
    pub(super) fn hurry(&mut self, now: Duration) {
        self.paused_until = Duration::ZERO;
        self.due.values_mut().for_each(|due| *due = now.min(*due));
        let first = std::mem::take(&mut self.first);
        self.first = first
            .into_iter()
            .map(|(due, id)| (due.min(now), id))
            .collect();
    }

    /// Forgets all that is not under way. What is under way is told of as ever.
    pub(super) fn clear(&mut self) {
        *self = Self {
            in_flight: std::mem::take(&mut self.in_flight),
            paused_until: self.paused_until,
            ..Self::default()
        };
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(super) fn is_under_way(&self, id: DeliveryId) -> bool {
        self.in_flight.contains(&id)
    }

    pub(super) const fn paused_until(&self) -> Duration {
        self.paused_until
    }
}

#[cfg(test)]
mod tests {
    use batch_core::id::BatchId;
    use batch_core::journal::{EventId, Sequence};
    use batch_core::ordinal::Ordinal;

    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn ids(batch: BatchId) -> impl Fn(u64, Option<u32>) -> DeliveryId {
        move |sequence, ordinal| {
            let mut event = EventId::of_batch(Sequence::new(sequence));
            event.ordinal = ordinal.map(Ordinal::new);
            DeliveryId::new(event, batch)
        }
    }

    #[test]
    fn no_more_are_under_way_than_allowed_and_none_before_it_is_due() {
        let id = ids(BatchId::generate());
        let mut agenda = Agenda::default();
        for run in 0..3 {
            agenda.add(id(1, Some(run)), seconds(u64::from(run)));
        }
        assert_eq!(agenda.next(seconds(0), 2), Next::Send(id(1, Some(0))));
        assert_eq!(agenda.next(seconds(0), 2), Next::At(seconds(1)));
        assert_eq!(agenda.next(seconds(9), 2), Next::Send(id(1, Some(1))));
        assert_eq!(agenda.next(seconds(9), 2), Next::Nothing);
        agenda.ended(id(1, Some(0)));
        assert_eq!(agenda.next(seconds(9), 2), Next::Send(id(1, Some(2))));
    }

    #[test]
    fn what_failed_keeps_its_place_before_the_next_event_of_its_run() {
        let id = ids(BatchId::generate());
        let mut agenda = Agenda::default();
        agenda.add(id(1, Some(0)), seconds(0));
        agenda.add(id(2, Some(0)), seconds(0));
        assert_eq!(agenda.next(seconds(0), 8), Next::Send(id(1, Some(0))));
        agenda.again(id(1, Some(0)), seconds(60));
        assert_eq!(agenda.next(seconds(0), 8), Next::At(seconds(60)));
        assert_eq!(agenda.next(seconds(60), 8), Next::Send(id(1, Some(0))));
        agenda.ended(id(1, Some(0)));
        assert_eq!(agenda.next(seconds(60), 8), Next::Send(id(2, Some(0))));
    }

    #[test]
    fn a_pause_holds_everything_and_hurrying_ends_it() {
        let id = ids(BatchId::generate());
        let mut agenda = Agenda::default();
        agenda.add(id(1, Some(0)), seconds(5));
        agenda.pause(seconds(100));
        agenda.pause(seconds(50));
        assert_eq!(agenda.next(seconds(10), 8), Next::At(seconds(100)));
        agenda.hurry(seconds(3));
        assert_eq!(agenda.next(seconds(3), 8), Next::Send(id(1, Some(0))));
    }

    #[test]
    fn what_ends_after_all_was_forgotten_takes_nothing_else_along() {
        let id = ids(BatchId::generate());
        let mut agenda = Agenda::default();
        agenda.add(id(1, Some(0)), seconds(0));
        assert_eq!(agenda.next(seconds(0), 8), Next::Send(id(1, Some(0))));
        agenda.clear();
        agenda.add(id(2, Some(0)), seconds(0));
        agenda.ended(id(1, Some(0)));
        assert_eq!(agenda.next(seconds(0), 8), Next::Send(id(2, Some(0))));
        assert_eq!(agenda.in_flight(), 1);
    }
}
