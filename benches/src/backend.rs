use std::path::Path;
use std::sync::Arc;

use batch_core::memory::MemoryStorage;
use batch_core::sled::SledStorage;
use batch_core::storage::{Storage, StorageError};

/// A backend to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// In memory.
    Memory,
    /// On sled, in a directory of its own.
    Sled,
}

/// A storage, and the directory that goes with it.
#[derive(Debug)]
pub struct Opened {
    /// The storage.
    pub storage: Arc<dyn Storage>,
    directory: Option<tempfile::TempDir>,
}

impl Opened {
    /// Where the store is; `None` in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.directory.as_ref().map(tempfile::TempDir::path)
    }
}

impl Backend {
    /// All backends.
    pub const ALL: [Self; 2] = [Self::Memory, Self::Sled];

    /// Makes an empty store. On disk it lies where `TMPDIR` says: choose a real disk.
    ///
    /// # Errors
    ///
    /// When the directory or the store in it cannot be made.
    pub fn open(self) -> Result<Opened, StorageError> {
        match self {
            Self::Memory => Ok(Opened {
                storage: Arc::new(MemoryStorage::new()),
                directory: None,
            }),
            Self::Sled => {
                let directory = tempfile::tempdir()
                    .map_err(|e| StorageError::io("make a directory for the store", e))?;
                let storage = SledStorage::open(directory.path().join("store"))?;
                Ok(Opened {
                    storage: Arc::new(storage),
                    directory: Some(directory),
                })
            }
        }
    }
}
