use std::fmt;
use std::path::Path;
use std::str::FromStr;

use batch_core::kv::{KvOptions, KvStorage};
use batch_core::log::{LogKv, LogOptions};
use batch_core::redb::{RedbKv, RedbOptions};
use batch_core::sled::{SledKv, SledOptions};
use batch_core::storage::{Storage, StorageError};

/// A durable backend that is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// sled 0.34.
    Sled,
    /// redb 4.
    Redb,
    /// A log of our own.
    Log,
}

impl Backend {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sled, Self::Redb, Self::Log];

    /// Opens a store, with little memory and nothing kept aside: many are made.
    ///
    /// # Errors
    ///
    /// As the backend says it.
    pub fn open(self, store: &Path, options: KvOptions) -> Result<Box<dyn Storage>, StorageError> {
        Ok(match self {
            Self::Sled => {
                let small = SledOptions {
                    cache_bytes: 1 << 20,
                    ballast_bytes: 0,
                    ..SledOptions::default()
                };
                Box::new(KvStorage::start(
                    SledKv::open_with(store, &small)?,
                    options,
                )?)
            }
            Self::Redb => {
                let small = RedbOptions {
                    cache_bytes: 1 << 20,
                    ..RedbOptions::default()
                };
                Box::new(KvStorage::start(
                    RedbKv::open_with(store, &small)?,
                    options,
                )?)
            }
            Self::Log => {
                // So that a short life begins, carries on and deletes segments.
                let small = LogOptions {
                    segment_bytes: 2 << 10,
                };
                Box::new(KvStorage::start(LogKv::open_with(store, &small)?, options)?)
            }
        })
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sled => "sled",
            Self::Redb => "redb",
            Self::Log => "log",
        })
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|b| b.to_string() == text);
        known.ok_or_else(|| format!("{text:?} is no backend"))
    }
}
