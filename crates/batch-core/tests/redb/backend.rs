use std::path::Path;

use batch_core::kv::KvError;
use batch_core::redb::{RedbKv, RedbOptions};

/// The map that is tried.
pub(crate) type Kv = RedbKv;

/// The file that everything is in.
pub(crate) const DATA: &str = "store.redb";
/// Whether a file of this name holds what is stored.
pub(crate) fn is_data(name: &str) -> bool {
    name == DATA
}

/// The call by which it writes.
pub(crate) const WRITE_CALL: &str = "pwrite64";
/// All files that a new store needs.
pub(crate) const FILES: [&str; 1] = [DATA];
/// The largest value that is tried: some share a page, and some have more than one.
pub(crate) const VALUE_LIMIT: usize = 6_000;

/// A small cache, so that reads go to the file.
pub(crate) fn options() -> RedbOptions {
    RedbOptions {
        cache_bytes: 1 << 20,
        ..RedbOptions::default()
    }
}

pub(crate) fn open(path: impl AsRef<Path>) -> Result<Kv, KvError> {
    RedbKv::open_with(path, &options())
}

/// As a user has it.
pub(crate) fn open_by_default(path: impl AsRef<Path>) -> Result<Kv, KvError> {
    RedbKv::open(path)
}
