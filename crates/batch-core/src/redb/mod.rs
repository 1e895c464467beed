//! An ordered map on redb 4.
//!
//! A store is a directory with one redb file, a lock and a mark in it. Every commit is synced
//! before it is acknowledged; the mark tells the number of the last one, so that a file that
//! has fewer is found out. After a failed commit the store takes no more of them until it is
//! opened again, and of what it holds only what is in memory may still be read.
//!
//! ```no_run
//! # use batch_core::engine::Engine;
//! # use batch_core::kv::KvOptions;
//! use batch_core::redb::{RedbCheck, RedbKv, RedbOptions, RedbRepair, RedbStorage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::open(RedbStorage::open("jobs")?).await?;
//!
//! let options = RedbOptions {
//!     repair: RedbRepair::Record,
//!     check: RedbCheck::AfterDeath,
//!     ..RedbOptions::default()
//! };
//! let kv = RedbKv::open_with("other-jobs", &options)?;
//! let engine = Engine::open(RedbStorage::start(kv, KvOptions::default())?).await?;
//! # Ok(())
//! # }
//! ```

mod fault;
mod guarded_db;
mod layout;
mod opening;
mod redb_check;
mod redb_copy;
mod redb_kv;
mod redb_options;
mod redb_repair;
mod redb_storage;

pub(crate) use layout::LAYOUT;
pub use redb_check::RedbCheck;
pub use redb_kv::RedbKv;
pub use redb_options::RedbOptions;
pub use redb_repair::RedbRepair;
pub use redb_storage::RedbStorage;
