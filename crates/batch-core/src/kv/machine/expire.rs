use std::time::Duration;

use super::Machine;
use crate::id::BatchId;
use crate::journal::Fact;
use crate::kv::OrderedKv;
use crate::kv::record::{Sweep, SweepKind};
use crate::time::Moment;

/// The most batches that expire in one commit, so that none is long.
const BATCHES_A_TICK: usize = 512;

/// Whether a tick has done all there was to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ticked {
    /// Nothing that has expired waits any more.
    Whole,
    /// There is more: the next tick goes on at once.
    Part,
}

/// Ending what waited too long. Committed by whoever comes by, and never derived while reading.
impl<K: OrderedKv> Machine<K> {
    /// Ends the waiting runs of batches whose time is over.
    pub(super) fn expire_batches(&mut self, now: Moment) -> Ticked {
        let millis = Self::millis(now);
        for _ in 0..BATCHES_A_TICK {
            let Some((at, id)) = self.expiries.first().copied() else {
                return Ticked::Whole;
            };
            if at > millis {
                return Ticked::Whole;
            }
            self.expiries.remove(&(at, id));
            self.expire(id, now);
        }
        Ticked::Part
    }

    /// One sweep ends all waiting runs, whatever their number. Held ones and those in review go on.
    fn expire(&mut self, id: BatchId, now: Moment) {
        self.set_due(id, None);
        self.disarm_release(id);
        let Some(batch) = self.change(id) else {
            return;
        };
        let waiting = batch.record.take_pending();
        batch.record.ended.failed += u64::from(waiting.len());
        let sequence = self.note(id, Fact::Expired(waiting.clone()));
        if let Some(batch) = self.change(id) {
            batch.record.sweeps.push(Sweep {
                at: Self::millis(now),
                sequence,
                kind: SweepKind::Expired,
                ordinals: waiting,
            });
        }
        self.finish_if_done(id, now);
    }

    /// Keeps a batch's expiry in view for as long as a run of it waits.
    pub(super) fn watch_expiry(&mut self, id: BatchId) {
        let Some(batch) = self.live.get(&id) else {
            return;
        };
        let Some(at) = batch.header.expires_at else {
            return;
        };
        match batch.record.has_waiting() {
            true => self.expiries.insert((at, id)),
            false => self.expiries.remove(&(at, id)),
        };
    }

    /// How long until runs become due or expire by their batches' times alone.
    pub(super) fn next_timed(&self, now: Moment) -> Option<Duration> {
        let firsts = [self.releases.first(), self.expiries.first()];
        let at = firsts.into_iter().flatten().map(|(at, _)| *at).min()?;
        let left = at.saturating_sub(Self::millis(now)).max(0);
        Some(Duration::from_millis(left.unsigned_abs()))
    }
}
