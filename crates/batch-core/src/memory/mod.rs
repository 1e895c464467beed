//! Storage that lives and dies with the process.

mod memory_kv;
mod memory_storage;

pub use memory_kv::MemoryKv;
pub use memory_storage::MemoryStorage;
