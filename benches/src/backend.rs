use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use batch_core::log::LogStorage;
use batch_core::memory::MemoryStorage;
use batch_core::redb::RedbStorage;
use batch_core::sled::SledStorage;

use crate::Subject;

/// A backend of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// In memory.
    Memory,
    /// On sled, in a directory of its own.
    Sled,
    /// On redb, in a directory of its own.
    Redb,
    /// On a log of our own, in a directory of its own.
    Log,
}

impl Backend {
    /// All backends.
    pub const ALL: [Self; 4] = [Self::Memory, Self::Sled, Self::Redb, Self::Log];

    /// The backend as something to measure.
    #[must_use]
    pub fn subject(self) -> Subject {
        let name = self.to_string();
        match self {
            Self::Memory => Subject::volatile(name, || Ok(Arc::new(MemoryStorage::new()))),
            Self::Sled => Subject::durable(name, |path| Ok(Arc::new(SledStorage::open(path)?))),
            Self::Redb => Subject::durable(name, |path| Ok(Arc::new(RedbStorage::open(path)?))),
            Self::Log => Subject::durable(name, |path| Ok(Arc::new(LogStorage::open(path)?))),
        }
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "memory" => Ok(Self::Memory),
            "sled" => Ok(Self::Sled),
            "redb" => Ok(Self::Redb),
            "log" => Ok(Self::Log),
            other => Err(format!(
                "no backend {other}; there are memory, sled, redb, log"
            )),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Sled => "sled",
            Self::Redb => "redb",
            Self::Log => "log",
        })
    }
}
