//! A full [`Storage`](crate::storage::Storage) on any ordered map of bytes.

mod kv_error;
mod ordered_kv;
mod write_batch;

pub use kv_error::KvError;
pub use ordered_kv::{KeyRange, KeyValue, KvTraits, OrderedKv};
pub use write_batch::WriteBatch;
