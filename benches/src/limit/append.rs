use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Broken;

/// Whether an append waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syncing {
    /// One `fdatasync` for each append.
    Each,
    /// None.
    Never,
}

/// Appends so many blocks to a new file in a directory, and says how long each took.
///
/// # Errors
///
/// When the file cannot be made, written or synced.
pub fn append(
    directory: &Path,
    block: &[u8],
    times: u64,
    syncing: Syncing,
) -> Result<Vec<Duration>, Broken> {
    let path = directory.join("appended");
    let mut file = File::create(&path)?;
    let mut took = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        file.write_all(block)?;
        if syncing == Syncing::Each {
            file.sync_data()?;
        }
        took.push(start.elapsed());
    }
    drop(file);
    std::fs::remove_file(path)?;
    Ok(took)
}
