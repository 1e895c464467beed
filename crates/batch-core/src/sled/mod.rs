//! An ordered map on sled 0.34.

mod ballast;
mod fault;
mod guarded_db;
mod key_space;
mod mark;
mod nudger;
mod opening;
mod recovery;
mod sled_kv;
mod sled_options;
mod sled_storage;
mod store_dir;
mod store_lock;

pub use sled_kv::SledKv;
pub use sled_options::SledOptions;
pub use sled_storage::SledStorage;
