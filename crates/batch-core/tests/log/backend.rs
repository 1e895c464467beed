use std::path::Path;

use batch_core::kv::KvError;
use batch_core::log::{LogKv, LogOptions};

/// The map that is tried.
pub(crate) type Kv = LogKv;

/// The first segment.
pub(crate) const FIRST: &str = "0000000001.log";

/// Whether a file of this name holds what is stored.
pub(crate) fn is_data(name: &str) -> bool {
    name.ends_with(".log")
}

/// The call by which it writes.
pub(crate) const WRITE_CALL: &str = "writev";
/// All files that a new store needs.
pub(crate) const FILES: [&str; 1] = [FIRST];
/// The largest value that is tried: a commit of the script is a fraction of a segment.
pub(crate) const VALUE_LIMIT: usize = 2_000;

/// Small segments, so that many are begun, carried on and deleted.
pub(crate) fn options() -> LogOptions {
    LogOptions {
        segment_bytes: 32 << 10,
    }
}

pub(crate) fn open(path: impl AsRef<Path>) -> Result<Kv, KvError> {
    LogKv::open_with(path, &options())
}

/// As a user has it.
pub(crate) fn open_by_default(path: impl AsRef<Path>) -> Result<Kv, KvError> {
    LogKv::open(path)
}
