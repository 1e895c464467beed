use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use batch_core::engine::Engine;
use batch_core::memory::MemoryStorage;
use batch_core::sled::SledStorage;
use thiserror::Error;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreAddress {
    /// In the memory of this process: it ends with it.
    Memory,
    /// In a directory, on sled.
    Sled(PathBuf),
}

/// A text that is no address of a store.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is no store; write sled:DIR or memory")]
pub(crate) struct InvalidAddress {
    text: String,
}

impl Default for StoreAddress {
    /// A directory beside what the program works on.
    fn default() -> Self {
        Self::Sled("./.batchyard".into())
    }
}

impl StoreAddress {
    /// Reads `sled:DIR` or `memory`.
    pub(crate) fn parse(text: &OsStr) -> Result<Self, InvalidAddress> {
        match text.as_bytes() {
            b"memory" => Ok(Self::Memory),
            [b's', b'l', b'e', b'd', b':', dir @ ..] if !dir.is_empty() => {
                Ok(Self::Sled(OsStr::from_bytes(dir).into()))
            }
            _ => Err(InvalidAddress {
                text: text.to_string_lossy().into_owned(),
            }),
        }
    }

    /// Whether what is stored outlives this process.
    pub(crate) const fn is_durable(&self) -> bool {
        matches!(self, Self::Sled(_))
    }

    /// Whether there may be a store already.
    pub(crate) fn exists(&self) -> bool {
        match self {
            Self::Memory => false,
            Self::Sled(dir) => !is_absent(dir),
        }
    }

    /// Opens the store, and makes it where there is none.
    pub(crate) async fn open(&self) -> Result<Engine> {
        Ok(match self {
            Self::Memory => Engine::open(MemoryStorage::new()).await?,
            Self::Sled(dir) => {
                let storage = SledStorage::open(dir)?;
                Engine::open(storage).await?
            }
        })
    }

    /// Opens a store that another command has made.
    pub(crate) async fn open_existing(&self) -> Result<Engine> {
        match self {
            Self::Memory => bail!("a store in memory ends with its process: give --store sled:DIR"),
            Self::Sled(dir) if is_absent(dir) => bail!("there is no store in {}", dir.display()),
            Self::Sled(_) => self.open().await,
        }
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sled(dir) => write!(f, "sled:{}", dir.display()),
        }
    }
}

/// Whether a directory is not there or empty. One that cannot be read may be a
/// store; opening it says what is wrong.
fn is_absent(dir: &Path) -> bool {
    match dir.read_dir() {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_address_parses_back() {
        for text in ["memory", "sled:./a b", "sled:/x"] {
            let address = StoreAddress::parse(text.as_ref()).unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn a_directory_may_have_a_name_that_is_no_utf8() {
        let address = StoreAddress::parse(OsStr::from_bytes(b"sled:/\xff")).unwrap();
        let dir = PathBuf::from(OsStr::from_bytes(b"/\xff"));
        assert_eq!(address, StoreAddress::Sled(dir));
    }

    #[test]
    fn any_other_text_is_refused_with_what_to_write() {
        for text in ["", "sled", "sled:", "redb:x", "Memory"] {
            let error = StoreAddress::parse(text.as_ref()).unwrap_err();
            let said = format!("{text:?} is no store; write sled:DIR or memory");
            assert_eq!(error.to_string(), said);
        }
    }
}
