use std::io;
use std::path::{Path, PathBuf};

use super::store_dir::sync_dir;
use crate::kv::KvError;
use crate::storage::ErrorKind;

/// A directory in which a copy is made before it gets the name that was asked for.
///
/// So there is nothing under that name until the copy is whole, whenever the process dies.
/// Dropped unpublished, it is removed.
#[derive(Debug)]
pub(crate) struct StagingDir {
    target: PathBuf,
    staging: PathBuf,
}

impl StagingDir {
    /// What is added to the name of a copy while it is made.
    const UNFINISHED: &str = ".unfinished";

    /// Makes the directory beside `target`, which must be absent or an empty directory.
    pub(crate) fn prepare(target: &Path) -> Result<Self, KvError> {
        let doing = |path: &Path| format!("copy a store to {}", path.display());
        let target = std::path::absolute(target).map_err(|e| KvError::io(doing(target), e))?;
        let failed = |e: io::Error| KvError::io(doing(&target), e);
        match target.read_dir().map(|mut entries| entries.next()) {
            Ok(None) => {}
            Ok(Some(_)) => return Err(KvError::new(ErrorKind::Invalid, not_empty(&target))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(failed(e)),
        }
        let Some(name) = target.file_name() else {
            return Err(failed(io::ErrorKind::InvalidInput.into()));
        };
        let mut name = name.to_owned();
        name.push(Self::UNFINISHED);
        let staging = target.with_file_name(name);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        match std::fs::create_dir(&staging) {
            Ok(()) => Ok(Self { target, staging }),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                let left = format!(
                    "copy a store to {}: {} is left from a copy that was cut short; delete it",
                    target.display(),
                    staging.display()
                );
                Err(KvError::new(ErrorKind::Invalid, left))
            }
            Err(e) => Err(failed(e)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.staging
    }

    /// Gives the copy its name, durably. Nobody may have it open.
    pub(crate) fn publish(self) -> Result<(), KvError> {
        let renamed = std::fs::rename(&self.staging, &self.target);
        let named = renamed.and_then(|()| match self.target.parent() {
            Some(parent) => sync_dir(parent),
            None => Ok(()),
        });
        named.map_err(|e| KvError::io(format!("name the copy {}", self.target.display()), e))
    }
}

fn not_empty(target: &Path) -> String {
    format!("copy a store to {}: it is not empty", target.display())
}

impl Drop for StagingDir {
    fn drop(&mut self) {
        match std::fs::remove_dir_all(&self.staging) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, path = %self.staging.display(), "could not remove it");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_its_name_only_once_it_is_published() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("a/copy");
        let staging = StagingDir::prepare(&target).unwrap();
        std::fs::write(staging.path().join("x"), "").unwrap();
        assert!(!target.exists());
        let other = StagingDir::prepare(&target).unwrap_err();
        assert!(
            other.to_string().contains("cut short; delete it"),
            "{other}"
        );
        staging.publish().unwrap();
        assert!(target.join("x").exists());
        let error = StagingDir::prepare(&target).unwrap_err();
        assert!(error.to_string().ends_with("it is not empty"), "{error}");
    }

    #[test]
    fn a_copy_that_is_given_up_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        drop(StagingDir::prepare(&dir.path().join("copy")).unwrap());
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
    }
}
