use super::{Copied, CopyReport};
use crate::kv::key::{self, Key};
use crate::kv::record::{Head, decode};
use crate::kv::stage::Stage;
use crate::kv::{KeyRange, OrderedKv};
use crate::storage::{ErrorKind, SortOrder, StorageError};

/// One record on its way into a copy; without content where it is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CopiedRecord {
    pub key: Key,
    pub payload: Option<Vec<u8>>,
}

/// A map that becomes a copy of a store.
///
/// Until the last commit it bears a mark, and no store opens that does. Records are cut anew
/// to the size of value that this map likes.
#[derive(Debug)]
pub(super) struct CopyTarget<T> {
    stage: Stage<T>,
    records: u64,
    bytes: u64,
}

/// About how many bytes one commit to the copy has.
const COMMIT_BYTES: usize = 1 << 20;

impl<T: OrderedKv> CopyTarget<T> {
    pub(super) fn new(map: T) -> Self {
        Self {
            stage: Stage::new(map),
            records: 0,
            bytes: 0,
        }
    }

    /// Marks the map, which must be empty.
    pub(super) fn begin(&mut self) -> Result<(), StorageError> {
        let all = KeyRange::prefix(b"");
        let one = std::num::NonZeroUsize::MIN;
        if !self.stage.scan(&all, SortOrder::Ascending, one)?.is_empty() {
            let text = "copy a store into a map that holds something";
            return Err(StorageError::new(ErrorKind::Invalid, text));
        }
        self.stage.put(&key::unfinished(), &[], 0);
        self.stage.commit()
    }

    /// Writes records, some of them over what an earlier page brought.
    pub(super) fn write(&mut self, records: Vec<CopiedRecord>) -> Result<(), StorageError> {
        for record in records {
            let before = self.stage.parts(&record.key)?;
            match record.payload {
                Some(payload) => self.put(&record.key, &payload, before),
                None => self.stage.delete(&record.key, before),
            }
            if self.stage.staged_bytes() >= COMMIT_BYTES {
                self.stage.commit()?;
            }
        }
        Ok(())
    }

    fn put(&mut self, key: &[u8], payload: &[u8], before: u16) {
        self.records += 1;
        self.bytes += (key.len() + payload.len()) as u64;
        self.stage.put(key, payload, before);
    }

    /// Makes the copy a store: its head is written and the mark taken away, in one commit.
    pub(super) fn finish(mut self, head: &[u8]) -> Result<Copied<T>, StorageError> {
        let decoded: Head = decode(head, || "the head of the store".into())?;
        self.stage.commit()?;
        self.put(&key::head(), head, 0);
        self.stage.delete(&key::unfinished(), 1);
        self.stage.commit()?;
        let report = CopyReport {
            records: self.records,
            bytes: self.bytes,
            as_of: decoded.sequence,
        };
        Ok(Copied {
            map: self.stage.into_map(),
            report,
        })
    }
}
