use std::path::Path;

use crate::kv::KvError;
use crate::storage::ErrorKind;

/// What is not as it was written, and where.
pub(super) fn damaged(file: &Path, at: u64, why: &str) -> KvError {
    let file = file.display();
    KvError::new(
        ErrorKind::Damaged,
        format!("{file} is damaged at byte {at}: {why}"),
    )
}
