//! Stores in a directory of their own, on an embedded database.
//!
//! Each backend has a module: `sled`, `redb` and `log`. A store stays on the backend that made it, and
//! its directory says which that is. So a host that lets its users choose, or that changes what
//! it makes by default, asks first:
//!
//! ```no_run
//! # use std::sync::Arc;
//! use batch_core::embedded::Backend;
//! # #[cfg(all(feature = "log", feature = "redb", feature = "sled"))]
//! # fn open() -> Result<Arc<dyn batch_core::storage::Storage>, batch_core::storage::StorageError> {
//! use batch_core::log::LogStorage;
//! use batch_core::redb::RedbStorage;
//! use batch_core::sled::SledStorage;
//!
//! let storage: Arc<dyn batch_core::storage::Storage> =
//!     match Backend::of_store("jobs")?.unwrap_or(Backend::Redb) {
//!         Backend::Log => Arc::new(LogStorage::open("jobs")?),
//!         Backend::Redb => Arc::new(RedbStorage::open("jobs")?),
//!         Backend::Sled => Arc::new(SledStorage::open("jobs")?),
//!     };
//! # Ok(storage)
//! # }
//! ```
//!
//! Opening a store on the wrong backend is refused and changes nothing.

mod backend;
#[cfg(any(feature = "redb", feature = "sled"))]
mod catch_panic;
#[cfg(any(feature = "redb", feature = "sled"))]
mod content_bytes;
mod fail_stop;
#[cfg(any(feature = "redb", feature = "sled"))]
mod footprint;
mod layout;
mod mark;
mod rescued_dir;
mod staged_copy;
mod staging_dir;
mod store_dir;
mod store_lock;

pub use backend::Backend;
#[cfg(any(feature = "redb", feature = "sled"))]
pub(crate) use catch_panic::catch_panic;
#[cfg(any(feature = "redb", feature = "sled"))]
pub(crate) use content_bytes::ContentBytes;
pub(crate) use fail_stop::FailStop;
#[cfg(any(feature = "redb", feature = "sled"))]
pub(crate) use footprint::Footprint;
pub(crate) use layout::Layout;
pub(crate) use mark::Mark;
pub(crate) use rescued_dir::rescue;
pub(crate) use staged_copy::{salvage_into, snapshot_into};
#[cfg(feature = "log")]
pub(crate) use store_dir::check_place_of;
#[cfg(feature = "sled")]
pub(crate) use store_dir::sync_dir;
pub(crate) use store_dir::{Found, StoreDir};
pub(crate) use store_lock::StoreLock;
