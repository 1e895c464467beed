use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::ballast::BALLAST_FILE;
use super::mark::{MARK_FILE, NEW_MARK_FILE};
use super::recovery::is_snapshot;
use super::store_lock::LOCK_FILE;
use crate::kv::KvError;

/// The directory of a store.
#[derive(Debug, Clone)]
pub(super) struct StoreDir {
    path: PathBuf,
}

/// What a directory holds that may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet.
    Nothing,
    /// A store whose creation was cut short. Nothing was ever acknowledged in it.
    Unfinished,
    /// A whole store.
    Store,
}

impl StoreDir {
    /// The directory, made with its parents if it is not there.
    pub(super) fn prepare(path: &Path) -> Result<Self, KvError> {
        let path = std::path::absolute(path).map_err(|e| unopened(path, e))?;
        match std::fs::metadata(&path) {
            Ok(there) if there.is_dir() => {}
            Ok(_) => return Err(unopened(&path, io::ErrorKind::NotADirectory.into())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                std::fs::create_dir_all(&path).map_err(|e| unopened(&path, e))?;
            }
            Err(e) => return Err(unopened(&path, e)),
        }
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// sled's log, in which everything is.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("db")
    }

    pub(super) fn mark(&self) -> PathBuf {
        self.path.join(MARK_FILE)
    }

    pub(super) fn new_mark(&self) -> PathBuf {
        self.path.join(NEW_MARK_FILE)
    }

    /// Finds out what the directory holds; what is not ours is refused and left alone.
    pub(super) fn inspect(&self) -> Result<Found, KvError> {
        let names = self.names().map_err(|e| unopened(&self.path, e))?;
        let has = |name: &str| names.iter().any(|n| n == name);
        if has(MARK_FILE) {
            return Ok(Found::Store);
        }
        let foreign: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| !is_ours(name) && !is_of_sled(name))
            .take(3)
            .collect();
        if !foreign.is_empty() {
            let found = format!("it is no store and holds {}", foreign.join(", "));
            return Err(unopened(&self.path, io::Error::other(found)));
        }
        if has(NEW_MARK_FILE) {
            return Ok(Found::Unfinished);
        }
        if names.iter().any(|name| is_of_sled(name)) {
            let found = format!("it is a sled database without {MARK_FILE}");
            return Err(unopened(&self.path, io::Error::other(found)));
        }
        Ok(Found::Nothing)
    }

    /// Removes what a creation that was cut short left. Needs the lock.
    pub(super) fn clear_unfinished(&self) -> io::Result<()> {
        for name in self.names()? {
            let path = self.path.join(&name);
            if name == "blobs" {
                std::fs::remove_dir_all(path)?;
            } else if is_of_sled(&name) || name == BALLAST_FILE {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Makes the names in the directory durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        sync_dir(&self.path)
    }

    /// Makes what sled left beside its log durable.
    pub(super) fn sync_settings(&self) -> io::Result<()> {
        File::open(self.path.join("conf"))?.sync_all()?;
        sync_dir(&self.path.join("blobs"))
    }

    /// Makes the names of the directory and of all above it durable.
    ///
    /// All, because an earlier process may have made them and died before it
    /// synced them. Directories that may not be opened were not made by us.
    pub(super) fn sync_ancestors(&self) -> io::Result<()> {
        for dir in self.path.ancestors().skip(1) {
            match sync_dir(dir) {
                Err(e) if !is_forbidden(&e) => return Err(e),
                _ => {}
            }
        }
        Ok(())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        std::fs::read_dir(&self.path)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }
}

/// `lost+found` is at the root of a file system and means nothing.
fn is_ours(name: &str) -> bool {
    [
        LOCK_FILE,
        MARK_FILE,
        NEW_MARK_FILE,
        BALLAST_FILE,
        "lost+found",
    ]
    .contains(&name)
}

fn is_of_sled(name: &str) -> bool {
    ["db", "conf", "blobs"].contains(&name) || is_snapshot(name)
}

fn unopened(path: &Path, source: io::Error) -> KvError {
    KvError::io(format!("open {}", path.display()), source)
}

fn is_forbidden(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, ReadOnlyFilesystem, Unsupported};
    matches!(
        error.kind(),
        PermissionDenied | ReadOnlyFilesystem | InvalidInput | Unsupported
    )
}

#[cfg(unix)]
fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Only Unix lets a directory be synced, and needs it.
#[cfg(not(unix))]
fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}
