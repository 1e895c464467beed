use std::io;
use std::path::Path;

const SNAPSHOT: &str = "snap.";
const HALF_WRITTEN: &str = ".generating";

/// Whether a name in the directory is one of sled's snapshots, whole or half-written.
pub(super) fn is_snapshot(name: &str) -> bool {
    name.starts_with(SNAPSHOT)
}

/// Removes snapshots that sled was writing when it was killed. Needs the store's lock.
///
/// sled takes such a file for its newest snapshot and refuses to open. It holds
/// nothing that the log and the snapshot before do not hold.
pub(super) fn remove_half_snapshots(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if is_snapshot(&name) && name.ends_with(HALF_WRITTEN) {
            tracing::info!(file = %entry.path().display(), "removing a half-written snapshot");
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether sled has left a snapshot of its log in a directory.
pub(super) fn has_snapshot(dir: &Path) -> io::Result<bool> {
    for entry in std::fs::read_dir(dir)? {
        if is_snapshot(&entry?.file_name().to_string_lossy()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes all snapshots, so that sled reads its log from the start. Needs the store's lock, or
/// a directory that is known to nobody.
pub(super) fn remove_snapshots(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if is_snapshot(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
