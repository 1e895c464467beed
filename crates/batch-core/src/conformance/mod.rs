//! The suite that shows whether a [`Storage`](crate::storage::Storage) keeps the contract.
//!
//! A backend brings a [`Harness`] and calls [`storage_conformance!`](crate::storage_conformance)
//! in a test of its own crate. Each [`Case`] becomes one test, named after what it shows. What
//! the backend cannot do is said in the call, with the reason, and shows as an ignored test.
//!
//! ```
//! # use batch_core::conformance::Harness;
//! # use batch_core::kv::KvOptions;
//! # use batch_core::memory::MemoryStorage;
//! # use batch_core::storage::{Storage, StorageError};
//! # use batch_core::time::{Clock, ManualClock};
//! #[derive(Debug, Default)]
//! struct InMemory(ManualClock);
//!
//! #[async_trait::async_trait]
//! impl Harness for InMemory {
//!     async fn open(&self) -> Result<Box<dyn Storage>, StorageError> {
//!         let mut options = KvOptions::default();
//!         options.clock = std::sync::Arc::new(self.0.clone());
//!         Ok(Box::new(MemoryStorage::with_options(options)))
//!     }
//!
//!     fn clock(&self) -> &ManualClock {
//!         &self.0
//!     }
//! }
//!
//! batch_core::storage_conformance! {
//!     harness: InMemory::default(),
//!     time: yes,
//!     durable: no("nothing outlives the process"),
//!     exclusive: no("nothing is opened again"),
//!     faults: no("a commit in memory cannot fail"),
//! }
//! # fn main() {}
//! ```
//!
//! Environment variables: `BATCHYARD_CONFORMANCE_RESULTS` names a directory in which each case
//! leaves its [`CaseResult`], for a [`Report`]; `BATCHYARD_CONFORMANCE_SEED` repeats the random
//! cases of one result; `BATCHYARD_CONFORMANCE_DAYS` says how many random days there are.
#![allow(
    clippy::unwrap_used,
    reason = "a case fails by panicking, as a test does"
)]

mod block_on;
mod capability;
mod case;
mod case_list;
mod case_result;
mod cases;
mod harness;
mod model;
mod report;
mod sample;
mod seed;
mod storage_conformance;
mod suite;
mod yard;

pub use block_on::block_on;
pub use capability::{Capability, Offer};
pub use case::Case;
pub use case_result::{CaseResult, Outcome};
pub use harness::{Fault, Harness};
pub use report::{Report, ReportError};
pub use suite::Suite;

/// The version of the contract and its cases. Below 1.0 until a shared store has passed it.
pub const CONTRACT_VERSION: &str = "0.1";
