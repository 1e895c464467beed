use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::store_lock::LOCK_FILE;
use super::{Layout, Mark};
use crate::failpoint::{Failpoint, reach};
use crate::kv::KvError;
#[cfg(any(feature = "redb", feature = "sled"))]
use crate::storage::ErrorKind;

/// The directory of a store.
#[derive(Debug, Clone)]
pub(crate) struct StoreDir {
    path: PathBuf,
    layout: &'static Layout,
}

/// What a directory holds that may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing yet.
    Nothing,
    /// A store whose creation was cut short. Nothing was ever acknowledged in it.
    Unfinished,
    /// A whole store.
    Store,
}

impl StoreDir {
    /// The directory, made with its parents if it is not there.
    pub(crate) fn prepare(path: &Path, layout: &'static Layout) -> Result<Self, KvError> {
        let path = std::path::absolute(path).map_err(|e| unopened(path, e))?;
        match std::fs::metadata(&path) {
            Ok(there) if there.is_dir() => {}
            Ok(_) => return Err(unopened(&path, io::ErrorKind::NotADirectory.into())),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                std::fs::create_dir_all(&path).map_err(|e| unopened(&path, e))?;
            }
            Err(e) => return Err(unopened(&path, e)),
        }
        reach(Failpoint::DirectoryMade);
        Ok(Self { path, layout })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file in which everything is, or the first of several.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join(self.layout.data_file)
    }

    pub(crate) const fn layout(&self) -> &'static Layout {
        self.layout
    }

    pub(crate) fn mark(&self) -> PathBuf {
        self.path.join(Mark::FILE)
    }

    pub(crate) fn new_mark(&self) -> PathBuf {
        self.path.join(Mark::NEW_FILE)
    }

    /// Finds out what the directory holds; what is not ours is refused and left alone.
    pub(crate) fn inspect(&self) -> Result<Found, KvError> {
        let names = self.names().map_err(|e| unopened(&self.path, e))?;
        let has = |name: &str| names.iter().any(|n| n == name);
        if has(Mark::FILE) {
            return Ok(Found::Store);
        }
        let foreign: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| !is_ours(name) && !(self.layout.is_part)(name))
            .collect();
        if !foreign.is_empty() {
            return Err(unopened(&self.path, Layout::is_no_store(foreign)));
        }
        if has(Mark::NEW_FILE) {
            return Ok(Found::Unfinished);
        }
        if names.iter().any(|name| (self.layout.is_part)(name)) {
            return Err(unopened(&self.path, self.layout.without_mark()));
        }
        Ok(Found::Nothing)
    }

    /// Removes what a creation that was cut short left. Needs the lock.
    pub(crate) fn clear_unfinished(&self) -> io::Result<()> {
        for name in self.names()? {
            if !(self.layout.is_part)(&name) {
                continue;
            }
            let path = self.path.join(&name);
            if path.is_dir() {
                std::fs::remove_dir_all(path)?;
            } else {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Makes the names in the directory durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        sync_dir(&self.path)
    }

    /// Makes the names of the directory and of all above it durable.
    ///
    /// All, because an earlier process may have made them and died before it
    /// synced them. Directories that may not be opened were not made by us.
    fn sync_ancestors(&self) -> io::Result<()> {
        for dir in self.path.ancestors().skip(1) {
            match sync_dir(dir) {
                Err(e) if !is_forbidden(&e) => return Err(e),
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives the store its mark, from which on it counts as whole. Durable on return.
    pub(crate) fn finish_creation(&self) -> io::Result<()> {
        self.sync()?;
        self.sync_ancestors()?;
        reach(Failpoint::NamesSynced);
        std::fs::rename(self.new_mark(), self.mark())?;
        reach(Failpoint::MarkNamed);
        self.sync()
    }

    /// A store whose directory was moved or deleted must not take work that nobody finds again.
    ///
    /// `data` is the open file in which everything is.
    #[cfg(any(feature = "redb", feature = "sled"))]
    pub(crate) fn check_place(&self, data: &File) -> io::Result<()> {
        check_place_of(data, &self.data())
    }

    /// The bytes that the disk has left for us.
    #[cfg(unix)]
    pub(crate) fn free_bytes(&self) -> io::Result<Option<u64>> {
        let disk = rustix::fs::statvfs(&self.path)?;
        Ok(Some(disk.f_bavail.saturating_mul(disk.f_frsize)))
    }

    /// Nobody is asked elsewhere, so nothing is spared there.
    #[cfg(not(unix))]
    pub(crate) fn free_bytes(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }

    /// A handle on the data of a store, which is not to be begun anew when it is missing.
    #[cfg(any(feature = "redb", feature = "sled"))]
    pub(crate) fn open_data(&self) -> Result<File, KvError> {
        let path = self.data();
        match File::options().read(true).write(true).open(&path) {
            Ok(file) => Ok(file),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let doing = format!("{} is missing", path.display());
                Err(KvError::new(ErrorKind::Damaged, doing))
            }
            Err(e) => Err(KvError::io(format!("open {}", path.display()), e)),
        }
    }

    /// The names in it.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        names_in(&self.path)
    }
}

/// Finds out whether an open file is still the one with this path.
#[cfg(unix)]
pub(crate) fn check_place_of(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let held = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) if there.ino() == held.ino() && there.dev() == held.dev() => Ok(()),
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Err(io::Error::other(
            "the directory was moved, replaced or deleted while it was open",
        )),
    }
}

/// Only Unix lets a directory be moved under an open file.
#[cfg(not(unix))]
pub(crate) fn check_place_of(_file: &File, _path: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn names_in(dir: &Path) -> io::Result<Vec<String>> {
    std::fs::read_dir(dir)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

/// `lost+found` is at the root of a file system and means nothing.
pub(super) fn is_ours(name: &str) -> bool {
    [LOCK_FILE, Mark::FILE, Mark::NEW_FILE, "lost+found"].contains(&name)
}

pub(super) fn unopened(path: &Path, source: io::Error) -> KvError {
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
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Only Unix lets a directory be synced, and needs it.
#[cfg(not(unix))]
pub(crate) fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}
