use std::num::NonZeroUsize;
use std::sync::Arc;

use batch_core::kv::{KeyRange, KeyValue, KvError, KvTraits, OrderedKv, Space, WriteBatch};
use batch_core::storage::{ErrorKind, SortOrder, StorageError};

use super::sight::Sight;
use super::world::World;

/// The disk as one process sees it. What is committed outlives the process; after its
/// death nothing that still runs in it reads or writes anything.
#[derive(Debug)]
pub(super) struct Disk(pub(super) Arc<World>);

fn fails() -> KvError {
    StorageError::new(ErrorKind::Unavailable, "use the disk of a simulation")
}

impl OrderedKv for Disk {
    fn traits(&self) -> KvTraits {
        self.0.lock().disk.traits()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        let state = self.0.lock();
        match state.process.alive {
            true => state.disk.get(key),
            false => Err(fails()),
        }
    }

    fn scan(
        &self,
        range: &KeyRange,
        order: SortOrder,
        limit: NonZeroUsize,
    ) -> Result<Vec<KeyValue>, KvError> {
        let state = self.0.lock();
        match state.process.alive {
            true => state.disk.scan(range, order, limit),
            false => Err(fails()),
        }
    }

    fn space(&self) -> Result<Option<Space>, KvError> {
        Ok(None)
    }

    fn commit(&mut self, writes: WriteBatch) -> Result<(), KvError> {
        let weather = &self.0.weather;
        let state = &mut *self.0.lock();
        if !state.process.alive || state.process.doubt {
            return Err(fails());
        }
        let call = state.process.call;
        if state.strikes(weather.commit_lost) {
            state.process.doubt = true;
            state.tell(&format!("commit of {call} is lost"));
            state.tally.note(Sight::CommitLost);
            return Err(fails());
        }
        if state.strikes(weather.die_before_commit) {
            state.die(Sight::DiedBeforeCommit);
            return Err(fails());
        }
        state.disk.commit(writes)?;
        if state.strikes(weather.commit_in_doubt) {
            state.process.doubt = true;
            state.tell(&format!("commit of {call} is in doubt"));
            state.tally.note(Sight::CommitInDoubt);
            return Err(fails());
        }
        if state.strikes(weather.die_after_commit) {
            let of = match call {
                "open" => Sight::DiedWhileOpening,
                "settle" => Sight::DiedBetweenSettleAndAnswer,
                _ => Sight::DiedBetweenCommitAndAnswer,
            };
            state.die(of);
            return Err(fails());
        }
        Ok(())
    }
}
