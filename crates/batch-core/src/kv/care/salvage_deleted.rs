use super::About;
use super::salvage::Salvage;
use crate::kv::OrderedKv;
use crate::kv::key::{self, Place};
use crate::kv::record::BatchHeader;
use crate::storage::StorageError;

/// Batches that were deleted and that a sink has yet to tell of: all that is left is a header.
impl<F: OrderedKv, T: OrderedKv> Salvage<'_, F, T> {
    pub(super) fn keep_deleted(&mut self) -> Result<(), StorageError> {
        for key in self.records.all_keys(key::all_deleted())? {
            let Some(Place::Deleted(id)) = Place::of(&key) else {
                continue;
            };
            let header = self.records.get::<BatchHeader>(&key)?.whole();
            match header.and_then(|header| header.end) {
                Some(end) => {
                    self.copy(key)?;
                    self.index_finished(id, &end)?;
                }
                None => {
                    let text = "what was kept of it after its delete cannot be read: \
                                its events can no longer be told";
                    self.lose(About::Batch(id), text);
                }
            }
        }
        Ok(())
    }
}
