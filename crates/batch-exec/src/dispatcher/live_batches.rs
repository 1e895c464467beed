use std::collections::BTreeSet;

use batch_core::id::BatchId;
use batch_core::journal::{Entry, Fact};
use batch_core::storage::{BatchQuery, PageRequest, PageSize, Storage, StorageError};
use parking_lot::Mutex;

/// The batches that may have runs which have not ended.
///
/// Listed once, and kept by what the journal says from then on. It may hold one that has
/// ended, and lacks none.
#[derive(Debug, Default)]
pub(super) struct LiveBatches {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    ids: BTreeSet<BatchId>,
    /// Whether the batches before the first entry that was heard are among them.
    listed: bool,
}

impl LiveBatches {
    /// Takes in what the journal says, from its reader's first position on.
    pub(super) fn heard(&self, entries: &[Entry]) {
        let mut known = self.known.lock();
        for entry in entries {
            match entry.fact {
                Fact::Created => known.ids.insert(entry.batch),
                Fact::Finished { .. } => known.ids.remove(&entry.batch),
                _ => false,
            };
        }
    }

    /// Some entries were not heard: all batches have to be listed again.
    pub(super) fn missed(&self) {
        self.known.lock().listed = false;
    }

    /// Forgets one that has ended.
    pub(super) fn ended(&self, batch: BatchId) {
        self.known.lock().ids.remove(&batch);
    }

    /// All of them, by id: oldest first.
    pub(super) async fn ids(&self, storage: &dyn Storage) -> Result<Vec<BatchId>, StorageError> {
        if !self.known.lock().listed {
            // Said before, so that what is missed meanwhile is listed the next time.
            self.known.lock().listed = true;
            if let Err(error) = self.list(storage).await {
                self.missed();
                return Err(error);
            }
        }
        Ok(self.known.lock().ids.iter().copied().collect())
    }

    async fn list(&self, storage: &dyn Storage) -> Result<(), StorageError> {
        let mut query = BatchQuery::default();
        loop {
            query.page.size = PageSize::MAX;
            let page = storage.batches(query.clone()).await?;
            let live = page.items.iter().filter(|batch| !batch.is_finished());
            self.known.lock().ids.extend(live.map(|batch| batch.id));
            let Some(token) = page.next else {
                return Ok(());
            };
            query.page = PageRequest {
                token: Some(token),
                ..query.page
            };
        }
    }
}
