//! What the crate promises, shown on a store in memory.

mod cancelling;
#[cfg(all(feature = "command", unix))]
mod commands;
mod execution;
mod failing_store;
mod flaky_storage;
mod retries;
mod shutdown;
mod sinks;
mod timeouts;
mod yard;
