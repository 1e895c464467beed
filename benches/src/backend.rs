use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use batch_core::memory::MemoryStorage;
use batch_core::redb::RedbStorage;
use batch_core::sled::SledStorage;
use batch_core::storage::{Storage, StorageError};

/// A backend to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// In memory.
    Memory,
    /// On sled, in a directory of its own.
    Sled,
    /// On redb, in a directory of its own.
    Redb,
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
    pub const ALL: [Self; 3] = [Self::Memory, Self::Sled, Self::Redb];

    /// Makes an empty store. On disk it lies where `TMPDIR` says: choose a real disk.
    ///
    /// # Errors
    ///
    /// When the directory or the store in it cannot be made.
    pub fn open(self) -> Result<Opened, StorageError> {
        let directory = match self {
            Self::Memory => None,
            Self::Sled | Self::Redb => {
                let made = tempfile::tempdir();
                Some(made.map_err(|e| StorageError::io("make a directory for the store", e))?)
            }
        };
        let path = directory.as_ref().map(|d| d.path().join("store"));
        Ok(Opened {
            storage: self.open_at(&path.unwrap_or_default())?,
            directory,
        })
    }

    /// Opens the store in a directory; in memory there is always a new one.
    ///
    /// # Errors
    ///
    /// When the store cannot be opened or made.
    pub fn open_at(self, path: &Path) -> Result<Arc<dyn Storage>, StorageError> {
        Ok(match self {
            Self::Memory => Arc::new(MemoryStorage::new()),
            Self::Sled => Arc::new(SledStorage::open(path)?),
            Self::Redb => Arc::new(RedbStorage::open(path)?),
        })
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "memory" => Ok(Self::Memory),
            "sled" => Ok(Self::Sled),
            "redb" => Ok(Self::Redb),
            other => Err(format!("no backend {other}; there are memory, sled, redb")),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Sled => "sled",
            Self::Redb => "redb",
        })
    }
}
