//! What `LogKv` promises, and what strikes it.
//!
//! What holds for every embedded backend is told in `tests/embedded`, in terms of [`backend`].
#![cfg(all(feature = "log", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod backend;
#[path = "../embedded/child.rs"]
mod child;
#[path = "../embedded/churn.rs"]
mod churn;
#[path = "../embedded/closing.rs"]
mod closing;
#[path = "../embedded/damage.rs"]
mod damage;
#[path = "../embedded/damaged_store.rs"]
mod damaged_store;
#[path = "../embedded/data_files.rs"]
mod data_files;
#[path = "../embedded/failing_disk.rs"]
mod failing_disk;
mod full_disk;
#[path = "../embedded/full_store.rs"]
mod full_store;
#[path = "../embedded/harm.rs"]
mod harm;
#[path = "../embedded/killed.rs"]
mod killed;
mod limits;
mod log_damage;
mod log_opening;
mod log_space;
#[path = "../embedded/opening.rs"]
mod opening;
#[path = "../embedded/ordered.rs"]
mod ordered;
#[path = "../embedded/power_cut.rs"]
mod power_cut;
#[path = "../embedded/reading.rs"]
mod reading;
#[path = "../embedded/script.rs"]
mod script;
#[path = "../embedded/small_disk.rs"]
mod small_disk;
#[path = "../embedded/synced.rs"]
mod synced;
mod synced_again;
#[path = "../embedded/trace.rs"]
mod trace;
