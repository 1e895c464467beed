use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The name of the ballast in the directory of a store.
pub(super) const BALLAST_FILE: &str = "batchyard.ballast";

/// Room kept aside on the disk. sled has to write in order to open: without it
/// a store on a full disk could not even be read.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
    bytes: u64,
    given_up: bool,
}

/// Whether there was something to give up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Release {
    Released,
    NothingThere,
}

impl Ballast {
    pub(super) fn new(dir: &Path, bytes: u64) -> Self {
        Self {
            path: dir.join(BALLAST_FILE),
            bytes,
            given_up: false,
        }
    }

    /// Takes the room and syncs it. Nothing is left behind when there is none.
    pub(super) fn create(&self) -> io::Result<()> {
        match self.bytes {
            0 => Ok(()),
            bytes => self.write(bytes),
        }
    }

    /// Gives the room back to the disk.
    pub(super) fn release(&mut self) -> io::Result<Release> {
        match std::fs::remove_file(&self.path) {
            Ok(()) => {
                self.given_up = true;
                Ok(Release::Released)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Release::NothingThere),
            Err(e) => Err(e),
        }
    }

    /// Takes the room again if an earlier opening gave it up and the disk has more than twice
    /// as much.
    ///
    /// Twice, so that the ballast does not take the last bytes from the store.
    pub(super) fn restore(&self) {
        if self.bytes == 0 || self.given_up || self.path.exists() {
            return;
        }
        let restored = self
            .write(self.bytes.saturating_mul(2))
            .and_then(|()| File::options().write(true).open(&self.path))
            .and_then(|file| file.set_len(self.bytes));
        match restored {
            Ok(()) => tracing::info!(path = %self.path.display(), "took the ballast again"),
            Err(error) => tracing::warn!(
                path = %self.path.display(), %error,
                "no room to take the ballast again: the disk is almost full"
            ),
        }
    }

    fn write(&self, bytes: u64) -> io::Result<()> {
        let written = fill(&self.path, bytes);
        if written.is_err() {
            // The first error is the one to report.
            let _ = std::fs::remove_file(&self.path);
        }
        written
    }
}

/// Bytes that no file system can squeeze: zeros would take no room on some.
fn fill(path: &Path, bytes: u64) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 16, File::create(path)?);
    let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..bytes.div_ceil(8) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        file.write_all(&noise.to_le_bytes())?;
    }
    file.into_inner()?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_ballast_is_taken_again_by_a_later_opening() {
        let dir = tempfile::tempdir().unwrap();
        let mut ballast = Ballast::new(dir.path(), 1 << 16);
        ballast.create().unwrap();
        assert_eq!(ballast.release().unwrap(), Release::Released);
        assert_eq!(ballast.release().unwrap(), Release::NothingThere);

        ballast.restore();
        assert!(!dir.path().join(BALLAST_FILE).exists());

        Ballast::new(dir.path(), 1 << 16).restore();

        let taken = std::fs::metadata(dir.path().join(BALLAST_FILE)).unwrap();
        assert_eq!(taken.len(), 1 << 16);
    }
}
