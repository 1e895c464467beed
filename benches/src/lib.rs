//! What is measured: work on any [`Storage`](batch_core::storage::Storage), and the limit beside it.
//!
//! A backend author makes a [`Subject`] and hands it to [`bench_storage`]:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use batch_benches::{Subject, bench_storage};
//! use batch_core::sled::SledStorage;
//! use criterion::{Criterion, criterion_group, criterion_main};
//!
//! fn mine(criterion: &mut Criterion) {
//!     bench_storage(
//!         criterion,
//!         &Subject::durable("mine", |path| Ok(Arc::new(SledStorage::open(path)?))),
//!     );
//! }
//!
//! criterion_group!(benches, mine);
//! criterion_main!(benches);
//! ```
//!
//! `docs/benchmarks.md` says how to run, read and reproduce.

mod backend;
mod broken;
mod footprint;
pub mod limit;
mod load;
mod numbered_ids;
mod payload;
mod run_options;
mod subject;
#[cfg(feature = "criterion")]
mod suite;
pub mod work;

pub use backend::Backend;
pub use broken::Broken;
pub use footprint::{directory_bytes, resident_bytes};
pub use load::Load;
pub use numbered_ids::NumberedIds;
pub use payload::{WORKFLOW, batch, inputs, request};
pub use run_options::RunOptions;
pub use subject::{Opened, Subject};
#[cfg(feature = "criterion")]
pub use suite::{bench_limits, bench_rules, bench_storage};
