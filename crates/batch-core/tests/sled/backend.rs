use std::path::Path;

use batch_core::kv::KvError;
use batch_core::sled::{SledKv, SledOptions};

/// The map that is tried.
pub(crate) type Kv = SledKv;

/// The file that everything is in.
pub(crate) const DATA: &str = "db";
/// Whether a file of this name holds what is stored.
pub(crate) fn is_data(name: &str) -> bool {
    name == DATA
}

/// The call by which it writes.
pub(crate) const WRITE_CALL: &str = "pwrite64";
/// All files that a new store needs.
pub(crate) const FILES: [&str; 2] = [DATA, "conf"];
/// The largest value that is tried.
pub(crate) const VALUE_LIMIT: usize = SledKv::VALUE_LIMIT;

/// Small, so that many stores can be made.
pub(crate) fn options() -> SledOptions {
    SledOptions {
        cache_bytes: 1 << 20,
        ballast_bytes: 0,
        ..SledOptions::default()
    }
}

pub(crate) fn open(path: impl AsRef<Path>) -> Result<Kv, KvError> {
    SledKv::open_with(path, &options())
}

/// As a user has it.
pub(crate) fn open_by_default(path: impl AsRef<Path>) -> Result<Kv, KvError> {
    SledKv::open(path)
}
