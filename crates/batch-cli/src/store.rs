use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use batch_core::embedded::Backend;
use batch_core::engine::Engine;
use batch_core::log::LogStorage;
use batch_core::memory::MemoryStorage;
use batch_core::redb::RedbStorage;
use batch_core::sled::SledStorage;
use thiserror::Error;

/// What a store is made on where the command line does not say.
const PREFERRED: Backend = Backend::Redb;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreAddress {
    /// In the memory of this process: it ends with it.
    Memory,
    /// In a directory, on whatever made it.
    Directory(PathBuf),
    /// In a directory, on this backend and no other.
    On(Backend, PathBuf),
}

/// A text that is no address of a store.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{text:?} is no store; write redb:DIR, sled:DIR, log:DIR, memory or a directory such as ./jobs"
)]
pub(crate) struct InvalidAddress {
    text: String,
}

impl Default for StoreAddress {
    /// A directory beside what the program works on.
    fn default() -> Self {
        Self::Directory("./.batchyard".into())
    }
}

impl StoreAddress {
    /// Reads `redb:DIR`, `sled:DIR`, `log:DIR`, `memory`, or a directory.
    ///
    /// A directory by itself has a slash in it, and no colon before that: a word that
    /// is misspelt must not become a new store.
    pub(crate) fn parse(text: &OsStr) -> Result<Self, InvalidAddress> {
        let bytes = text.as_bytes();
        let end = bytes.iter().position(|byte| b":/".contains(byte));
        match end.map(|end| (&bytes[..end], bytes[end], &bytes[end + 1..])) {
            None if bytes == b"memory" => Ok(Self::Memory),
            Some((_, b'/', _)) => Ok(Self::Directory(text.into())),
            Some((b"redb", b':', dir @ [_, ..])) => Ok(Self::on(Backend::Redb, dir)),
            Some((b"log", b':', dir @ [_, ..])) => Ok(Self::on(Backend::Log, dir)),
            Some((b"sled", b':', dir @ [_, ..])) => Ok(Self::on(Backend::Sled, dir)),
            _ => Err(InvalidAddress {
                text: text.to_string_lossy().into_owned(),
            }),
        }
    }

    fn on(backend: Backend, dir: &[u8]) -> Self {
        Self::On(backend, OsStr::from_bytes(dir).into())
    }

    /// Whether what is stored outlives this process.
    pub(crate) fn is_durable(&self) -> bool {
        self.directory().is_some()
    }

    /// Where its files are; `None` in memory.
    pub(crate) fn directory(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            Self::Directory(dir) | Self::On(_, dir) => Some(dir),
        }
    }

    /// Whether there may be a store already.
    pub(crate) fn exists(&self) -> bool {
        self.directory().is_some_and(|dir| !is_absent(dir))
    }

    /// Opens the store as what it is, and makes it where there is none.
    pub(crate) async fn open(&self) -> Result<Engine> {
        let Some(dir) = self.directory() else {
            return Ok(Engine::open(MemoryStorage::new()).await?);
        };
        Ok(match self.backend_in(dir)? {
            Backend::Sled => Engine::open(SledStorage::open(dir)?).await?,
            Backend::Log => Engine::open(LogStorage::open(dir)?).await?,
            Backend::Redb => Engine::open(RedbStorage::open(dir)?).await?,
        })
    }

    /// Opens a store that another command has made.
    pub(crate) async fn open_existing(&self) -> Result<Engine> {
        self.existing_directory()?;
        self.open().await
    }

    /// The directory of a store that another command has made.
    pub(crate) fn existing_directory(&self) -> Result<&Path> {
        match self.directory() {
            None => bail!("a store in memory ends with its process: give --store DIR"),
            Some(dir) if is_absent(dir) => bail!("there is no store in {}", dir.display()),
            Some(dir) => Ok(dir),
        }
    }

    /// The directory that a new store is to be in.
    pub(crate) fn new_directory(&self) -> Result<&Path> {
        match self.directory() {
            None => bail!("a store in memory ends with its process: give a directory"),
            Some(dir) => Ok(dir),
        }
    }

    /// The backend that is asked for, or this one.
    pub(crate) const fn backend_or(&self, other: Backend) -> Backend {
        match self {
            Self::On(backend, _) => *backend,
            Self::Directory(_) | Self::Memory => other,
        }
    }

    /// The backend that is asked for, even where nothing can be made out of the directory.
    pub(crate) fn backend_asked_or_in(&self, dir: &Path) -> Result<Backend> {
        match self {
            Self::On(backend, _) => Ok(*backend),
            Self::Directory(_) | Self::Memory => self.backend_in(dir),
        }
    }

    /// The backend of the store in the directory, or the one to make it on.
    pub(crate) fn backend_in(&self, dir: &Path) -> Result<Backend> {
        let asked = match self {
            Self::On(backend, _) => Some(*backend),
            Self::Directory(_) | Self::Memory => None,
        };
        match (Backend::of_store(dir)?, asked) {
            (Some(found), Some(asked)) if found != asked => {
                let dir = dir.display();
                bail!(
                    "the store in {dir} is on {found}, not on {asked}: give --store {found}:{dir}"
                )
            }
            (Some(found), _) => Ok(found),
            (None, asked) => Ok(asked.unwrap_or(PREFERRED)),
        }
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Directory(dir) => dir.display().fmt(f),
            Self::On(backend, dir) => write!(f, "{backend}:{}", dir.display()),
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
        for text in [
            "memory",
            "sled:./a b",
            "redb:x",
            "log:x",
            "./jobs",
            "/x/sled:y",
        ] {
            let address = StoreAddress::parse(text.as_ref()).unwrap();
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn the_usual_address_is_a_directory_on_no_backend_in_particular() {
        let usual = StoreAddress::default();
        assert_eq!(StoreAddress::parse("./.batchyard".as_ref()), Ok(usual));
    }

    #[test]
    fn a_directory_may_have_a_name_that_is_no_utf8() {
        let address = StoreAddress::parse(OsStr::from_bytes(b"sled:/\xff")).unwrap();
        let dir = PathBuf::from(OsStr::from_bytes(b"/\xff"));
        assert_eq!(address, StoreAddress::On(Backend::Sled, dir));
    }

    #[test]
    fn any_other_text_is_refused_with_what_to_write() {
        for text in [
            "", "sled", "sled:", "redb:", "log", "log:", "rebd:./x", "Memory", "jobs",
        ] {
            let error = StoreAddress::parse(text.as_ref()).unwrap_err();
            let said = format!(
                "{text:?} is no store; write redb:DIR, sled:DIR, log:DIR, memory or a directory such as ./jobs"
            );
            assert_eq!(error.to_string(), said);
        }
    }
}
