//! The conformance suite, run for each storage of this crate, and the broken ones that it must catch.
#![allow(missing_docs, clippy::unwrap_used, unreachable_pub)]

mod contract;
mod custom;
mod faulty;
mod faulty_kv;
#[cfg(feature = "log")]
mod log;
mod memory;
#[cfg(feature = "redb")]
mod redb;
#[cfg(feature = "sled")]
mod sled;
mod zoo;
