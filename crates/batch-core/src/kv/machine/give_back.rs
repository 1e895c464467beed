use super::Machine;
use super::claims::Claims;
use super::live_batch::Held;
use crate::id::{BatchId, RunId};
use crate::kv::OrderedKv;
use crate::storage::{ClaimKey, Disposition, Settled, Settlement, StorageError};
use crate::time::Moment;

/// Giving back what is held, when a store is closed in order.
impl<K: OrderedKv> Machine<K> {
    /// Whether no commit has failed.
    pub(in crate::kv) const fn is_writable(&self) -> bool {
        !self.failed
    }

    /// The batches of which runs are held.
    pub(in crate::kv) fn held_batches(&self) -> Vec<BatchId> {
        let held = self.live.iter().filter(|(_, b)| !b.claims.is_empty());
        held.map(|(id, _)| *id).collect()
    }

    /// Gives back every run of a batch that is held. Nothing is counted.
    pub(in crate::kv) fn give_back(
        &mut self,
        id: BatchId,
        now: Moment,
    ) -> Result<Vec<Settled>, StorageError> {
        let claims = self.live.get(&id).map(|batch| &batch.claims);
        let release = |(ordinal, held): (_, &Held)| Settlement {
            key: ClaimKey {
                run: RunId::new(id, ordinal),
                token: held.token,
            },
            started_at: None,
            disposition: Disposition::Released,
        };
        let released = claims.into_iter().flat_map(Claims::iter).map(release);
        let released = released.collect();
        self.settle(released, now)
    }
}
