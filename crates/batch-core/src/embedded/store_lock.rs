use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use crate::failpoint::{Failpoint, reach};
use crate::kv::KvError;
use crate::storage::ErrorKind;

/// The name of the lock file in the directory of a store.
pub(super) const LOCK_FILE: &str = "batchyard.lock";

/// One process, and in it one map, has the store. Freed when dropped or when the process dies.
///
/// The lock is on the open file: the file itself stays and means nothing.
#[derive(Debug)]
pub(crate) struct StoreLock {
    file: File,
}

impl StoreLock {
    /// Takes the lock or says who has it.
    pub(crate) fn take(dir: &Path) -> Result<Self, KvError> {
        let path = dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| KvError::io(format!("open {}", path.display()), e))?;
        match file.try_lock() {
            Ok(()) => {
                note_holder(&mut file);
                reach(Failpoint::LockTaken);
                Ok(Self { file })
            }
            Err(TryLockError::WouldBlock) => Err(locked(dir, &holder(&mut file))),
            Err(TryLockError::Error(e)) => Err(KvError::io(format!("lock {}", path.display()), e)),
        }
    }
}

impl Drop for StoreLock {
    /// Unlocked, not only closed: a process that was just started may have a copy of
    /// the descriptor until it runs its program, and would keep the lock with it.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::debug!(%error, "could not unlock; closing will");
        }
    }
}

/// Who holds the lock is a courtesy to the reader of an error: a full disk must not keep us out.
/// Overwritten in place, for that needs no room.
fn note_holder(file: &mut File) {
    let line = format!("{:<20}\n", std::process::id());
    if let Err(error) = file.write_all(line.as_bytes()) {
        tracing::debug!(%error, "could not note the holder in the lock file");
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let pid: Option<u32> = match file.read_to_string(&mut text) {
        Ok(_) => text.trim().parse().ok(),
        Err(_) => None,
    };
    match pid {
        None => "another process".to_owned(),
        Some(pid) if pid == std::process::id() => format!("this process ({pid}) already"),
        Some(pid) => match std::fs::read_to_string(format!("/proc/{pid}/comm")) {
            Ok(name) => format!("process {pid} ({})", name.trim_end()),
            Err(_) => format!("process {pid}"),
        },
    }
}

fn locked(dir: &Path, holder: &str) -> KvError {
    let doing = format!("{} is held by {holder}", dir.display());
    KvError::new(ErrorKind::Locked, doing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_with_the_path_and_the_pid_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let _first = StoreLock::take(dir.path()).unwrap();

        let error = StoreLock::take(dir.path()).unwrap_err();

        assert_eq!(error.kind(), ErrorKind::Locked);
        let text = error.to_string();
        assert!(text.contains(&dir.path().display().to_string()), "{text}");
        assert!(text.contains(&std::process::id().to_string()), "{text}");
    }

    #[test]
    fn the_lock_is_free_once_its_holder_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        drop(StoreLock::take(dir.path()).unwrap());
        assert!(StoreLock::take(dir.path()).is_ok());
    }

    /// Between fork and exec a new process has all that is open here.
    #[test]
    fn a_process_that_is_being_started_does_not_keep_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let lock = StoreLock::take(dir.path()).unwrap();
        let _inherited = lock.file.try_clone().unwrap();
        drop(lock);
        assert!(StoreLock::take(dir.path()).is_ok());
    }
}
