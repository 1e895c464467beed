//! What `SledKv` promises, and what strikes it.
#![cfg(all(feature = "sled", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod child;
mod churn;
mod damage;
mod full_disk;
mod killed;
mod opening;
mod ordered;
mod power_cut;
mod script;
mod synced;
mod trace;
