use std::num::NonZeroUsize;

use super::Machine;
use crate::id::BatchId;
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::Tidy;
use crate::storage::{SortOrder, StorageError};

/// The most values one step deletes, so that no commit is long.
const VALUES_A_STEP: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");

/// Deleting, in steps, what no reader can reach any more.
impl<K: OrderedKv> Machine<K> {
    /// Notes, durably with this group, that something of a batch is to be deleted.
    pub(super) fn begin_tidy(&mut self, id: BatchId, tidy: Tidy) {
        self.stage.put_record(&key::tidy(id), &tidy, 1);
        self.tidy.push_back((id, tidy));
    }

    /// Whether there is something to delete.
    pub(in crate::kv) fn has_tidying(&self) -> bool {
        !self.failed && !self.tidy.is_empty()
    }

    /// Deletes one step's worth. Repeating a step that was interrupted is harmless.
    pub(in crate::kv) fn tidy_step(&mut self) -> Result<(), StorageError> {
        let Some((id, tidy)) = self.tidy.front().copied() else {
            return Ok(());
        };
        let ranges = match tidy {
            Tidy::Secrets => vec![key::all_secrets(id), key::all_steps(id)],
            Tidy::Staged | Tidy::Pruned => key::belongings(id).to_vec(),
        };
        for range in ranges {
            let found = self
                .stage
                .scan(&range, SortOrder::Ascending, VALUES_A_STEP)?;
            if !found.is_empty() {
                for kv in found {
                    self.stage.delete_value(kv.key);
                }
                return Ok(());
            }
        }
        self.tidy.pop_front();
        if !self.is_tidied_again(id, tidy) {
            self.stage.delete(&key::tidy(id), 1);
        }
        Ok(())
    }

    /// Whether the mark of a batch speaks of more than what is done with.
    ///
    /// Secrets go when a batch ends, and the batch may be pruned before they have gone.
    fn is_tidied_again(&self, id: BatchId, done: Tidy) -> bool {
        matches!(done, Tidy::Secrets) && self.tidy.iter().any(|(other, _)| *other == id)
    }

    /// Leaves what cannot be deleted for the next opening.
    pub(in crate::kv) fn postpone_tidying(&mut self) {
        self.tidy.pop_front();
    }
}
