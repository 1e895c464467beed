use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of so many MiB.
pub(crate) struct SmallDisk {
    at: tempfile::TempDir,
}

impl SmallDisk {
    pub(crate) fn of_mib(mib: u32) -> Self {
        let at = tempfile::tempdir().unwrap();
        let size = format!("size={mib}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(at.path())
            .status()
            .unwrap();
        assert!(mounted.success(), "mounting needs privileges");
        Self { at }
    }

    pub(crate) fn path(&self) -> &Path {
        self.at.path()
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.at.path().join("store")
    }

    /// Takes all room that is left.
    pub(crate) fn fill(&self) -> PathBuf {
        let path = self.at.path().join("filler");
        let mut left = 1 << 20;
        let mut file = fs::File::create(&path).unwrap();
        while left > 0 {
            if std::io::Write::write_all(&mut file, &vec![1; left]).is_err() {
                left /= 2;
            }
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.at.path()).status();
    }
}
