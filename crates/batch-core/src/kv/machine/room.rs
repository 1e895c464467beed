use super::Machine;
use crate::kv::shortage::Change;
use crate::kv::size_bound::Wanted;
use crate::kv::{ByteSize, OrderedKv};
use crate::storage::{ErrorKind, StorageError};

impl<K: OrderedKv> Machine<K> {
    /// Refuses what there is no room for beside what the runs in the store need, and so many more.
    pub(super) fn check_room(
        &mut self,
        change: Change,
        bytes: usize,
        runs: u32,
    ) -> Result<(), StorageError> {
        let Some(space) = self.stage.space()? else {
            return Ok(());
        };
        let bytes = bytes + self.staged_bytes();
        let wanted = Wanted {
            change,
            bytes: ByteSize::new(bytes as u64),
            runs: self.live_runs + u64::from(runs),
        };
        let checked = self.size.check(space, wanted);
        checked.map_err(|shortage| StorageError::new(ErrorKind::Full, shortage.to_string()))
    }
}
