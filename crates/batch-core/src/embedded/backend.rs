use std::fmt;
use std::io;
use std::path::Path;

use super::store_dir::{is_ours, names_in, unopened};
use super::{Layout, Mark};
use crate::storage::StorageError;

/// An embedded database that keeps a store in a directory.
///
/// It has a name for each that this version knows, whatever features it was built with. A host
/// that opens stores needs an arm for every one, so it is not marked as non-exhaustive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// sled 0.34, opened by `SledStorage` (feature `sled`).
    Sled,
    /// redb 4, opened by `RedbStorage` (feature `redb`).
    Redb,
    /// A log of our own, opened by `LogStorage` (feature `log`).
    Log,
}

impl Backend {
    pub(super) const ALL: [Self; 3] = [Self::Sled, Self::Redb, Self::Log];

    /// Whose store a directory holds; `None` where one can be made, on any backend.
    ///
    /// Looks and changes nothing, needs no lock, and reads no more than a mark of 1 KiB: a store
    /// that is damaged, or that another process has, is told as well. One whose creation was cut
    /// short belongs to the backend whose files are there.
    ///
    /// # Errors
    ///
    /// - `Unavailable` when the directory holds something else, is a file or cannot be read; the
    ///   message names it.
    /// - `Damaged` when the mark of the store cannot be made out.
    pub fn of_store(dir: impl AsRef<Path>) -> Result<Option<Self>, StorageError> {
        let dir = dir.as_ref();
        let path = std::path::absolute(dir).map_err(|e| unopened(dir, e))?;
        match names_in(&path) {
            Ok(names) => Self::of_names(&path, &names),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(unopened(&path, e)),
        }
    }

    fn of_names(path: &Path, names: &[String]) -> Result<Option<Self>, StorageError> {
        let has = |name: &str| names.iter().any(|n| n == name);
        if has(Mark::FILE) {
            return Mark::backend(&path.join(Mark::FILE)).map(Some);
        }
        let data: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| !is_ours(name))
            .collect();
        let is_of = |layout: &&Layout| data.iter().all(|name| (layout.is_part)(name));
        match layouts().into_iter().find(is_of) {
            _ if data.is_empty() => Ok(None),
            Some(layout) if has(Mark::NEW_FILE) => Ok(Some(layout.backend)),
            Some(layout) => Err(unopened(path, layout.without_mark())),
            None => Err(unopened(path, Layout::is_no_store(data))),
        }
    }

    /// What the marks of its stores begin with.
    pub(super) const fn magic(self) -> [u8; 8] {
        match self {
            Self::Sled => *b"BATCHYRD",
            Self::Redb => *b"BATCHYRE",
            Self::Log => *b"BATCHYLG",
        }
    }
}

/// Of the backends that are compiled in.
fn layouts() -> Vec<&'static Layout> {
    vec![
        #[cfg(feature = "sled")]
        &crate::sled::LAYOUT,
        #[cfg(feature = "redb")]
        &crate::redb::LAYOUT,
        #[cfg(feature = "log")]
        &crate::log::LAYOUT,
    ]
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::storage::ErrorKind;

    /// A directory with empty files of these names.
    fn holding(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(dir.path().join(name), "").unwrap();
        }
        dir
    }

    #[test]
    fn a_directory_that_is_not_there_or_holds_nothing_has_no_backend_yet() {
        let dir = holding(&["lost+found", "batchyard.lock", "batchyard.mark.new"]);
        assert_eq!(Backend::of_store(dir.path()).unwrap(), None);
        assert_eq!(Backend::of_store(dir.path().join("x")).unwrap(), None);
        assert!(!dir.path().join("x").exists());
    }

    #[test]
    fn a_directory_that_holds_something_else_is_refused_with_what_it_holds() {
        let dir = holding(&["letters"]);
        let error = Backend::of_store(dir.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "it is no store and holds letters");
        let file = dir.path().join("letters");
        let error = Backend::of_store(file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("letters"), "{error}");
    }

    #[test]
    fn a_mark_that_cannot_be_made_out_is_damage() {
        let dir = holding(&["batchyard.mark"]);
        let error = Backend::of_store(dir.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
    }

    #[test]
    #[cfg(feature = "sled")]
    fn files_of_sled_are_a_creation_cut_short_with_a_new_mark_and_refused_without() {
        let begun = holding(&["batchyard.mark.new", "db", "conf"]);
        let found = Backend::of_store(begun.path()).unwrap();
        assert_eq!(found, Some(Backend::Sled));
        let raw = holding(&["db", "conf"]);
        let error = Backend::of_store(raw.path()).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "it is a sled database without batchyard.mark");
    }

    #[test]
    #[cfg(feature = "redb")]
    fn files_of_redb_are_a_creation_cut_short_with_a_new_mark_and_refused_without() {
        let begun = holding(&["batchyard.mark.new", "store.redb"]);
        let found = Backend::of_store(begun.path()).unwrap();
        assert_eq!(found, Some(Backend::Redb));
        let raw = holding(&["store.redb"]);
        let error = Backend::of_store(raw.path()).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "it is a redb database without batchyard.mark");
    }
}
